// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/picture_zxing.h"

#define ZX_USE_UTF8
#include <ZXing/ReadBarcode.h>

// The bit stream is what tells how a code was made; this version of zxing has no other call for it.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

int picture_zxing(const uint8_t *grey, size_t width, size_t height, int most,
                  int (*each)(void *context, const struct picture_zxing_code *code), void *context)
{
    try {
        ZXing::DecodeHints hints;
        hints.setFormats(ZXing::BarcodeFormat::QRCode)
            .setTryHarder(true)
            .setTryRotate(true)
            .setMaxNumberOfSymbols(static_cast<uint8_t>(most));
        const ZXing::ImageView view(grey, static_cast<int>(width), static_cast<int>(height), ZXing::ImageFormat::Lum);
        for (const ZXing::Result &result : ZXing::ReadBarcodes(view, hints)) {
            const ZXing::ByteArray &bytes = result.bytes(), &stream = result.rawBytes();
            const std::string       level = result.ecLevel();
            if (!result.isValid())
                continue;
            struct picture_zxing_code code = {
                bytes.data(), bytes.size(), stream.data(), stream.size(), level.empty() ? '\0' : level[0], {}
            };
            for (int i = 0; i < 4; i++) {
                code.corners[2 * i] = result.position()[i].x;
                code.corners[2 * i + 1] = result.position()[i].y;
            }
            int ret = each(context, &code);
            if (ret != 0)
                return ret;
        }
        return 0;
    } catch (...) {
        return -1;
    }
}
