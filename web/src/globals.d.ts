// SPDX-License-Identifier: GPL-3.0-or-later
declare module "*.svg" {
  const address: string;
  export default address;
}
declare module "*.css";

declare module "*.wasm?url" {
  const url: string;
  export default url;
}
