// Where texts of QR codes come from: a camera, a scanner on a serial line. (A scanner that types needs nothing.)
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import reader from "zxing-wasm/reader/zxing_reader.wasm?url";

const PAUSE = 120; // milliseconds between two looks
const WIDTH = 960; // of what is looked at, at most

/** Loaded once, while there is a network. */
export async function prepare(): Promise<void> {
  await prepareZXingModule({ overrides: { locateFile: () => reader }, fireImmediately: true });
}

/** Look through the camera until `ending`. What was seen is told once as long as it stays in sight. */
export async function watch(video: HTMLVideoElement, found: (text: string) => void, ending: AbortSignal): Promise<void> {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } },
  });
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  let last = "";
  let unseen = 0;
  video.srcObject = stream;
  try {
    await video.play();
    while (!ending.aborted && pen !== null) {
      const scale = Math.min(1, WIDTH / (video.videoWidth || WIDTH));
      canvas.width = Math.max(1, Math.round((video.videoWidth || 1) * scale));
      canvas.height = Math.max(1, Math.round((video.videoHeight || 1) * scale));
      pen.drawImage(video, 0, 0, canvas.width, canvas.height);
      const picture = pen.getImageData(0, 0, canvas.width, canvas.height);
      const [code] = await readBarcodes(picture, { formats: ["QRCode"], maxNumberOfSymbols: 1, tryHarder: true });
      picture.data.fill(0);
      unseen = code === undefined ? unseen + 1 : 0;
      if (unseen > 5) last = "";
      if (code !== undefined && code.text !== last) {
        last = code.text;
        found(code.text);
      }
      await new Promise((done) => setTimeout(done, PAUSE));
    }
  } finally {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
    pen?.clearRect(0, 0, canvas.width, canvas.height);
    last = "";
  }
}

interface SerialPort {
  open(options: { baudRate: number }): Promise<void>;
  close(): Promise<void>;
  readable: ReadableStream<Uint8Array>;
}
interface Serial {
  requestPort(): Promise<SerialPort>;
}

export function serial(): Serial | null {
  return (navigator as unknown as { serial?: Serial }).serial ?? null;
}

/** Read lines of a scanner until `ending`. */
export async function listen(port: Serial, found: (text: string) => void, ending: AbortSignal): Promise<void> {
  const chosen = await port.requestPort();
  await chosen.open({ baudRate: 115200 });
  const reading = chosen.readable.getReader();
  const stop = () => void reading.cancel();
  const decoder = new TextDecoder();
  let line = "";
  ending.addEventListener("abort", stop);
  try {
    for (;;) {
      const { done, value } = await reading.read();
      if (done) return;
      line += decoder.decode(value, { stream: true });
      const lines = line.split(/[\r\n]+/);
      line = (lines.pop() ?? "").slice(-65536);
      for (const text of lines) if (text !== "") found(text);
    }
  } finally {
    ending.removeEventListener("abort", stop);
    reading.releaseLock();
    await chosen.close();
  }
}
