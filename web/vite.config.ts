import { defineConfig } from "vite";

// Nothing inline: the server's policy forbids it. Names carry a hash, so a browser keeps files for ever.
export default defineConfig({
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: {
      input: { index: "index.html", pass: "pass.html", "pass-worker": "src/pass/worker.ts" },
      output: {
        // A service worker keeps its name: browsers ask for it again by that.
        entryFileNames: (chunk) => (chunk.name === "pass-worker" ? "pass-worker.js" : "assets/[name]-[hash].js"),
        chunkFileNames: "assets/[name]-[hash].js",
        assetFileNames: "assets/[name]-[hash][extname]",
      },
    },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8420", "/openapi.json": "http://127.0.0.1:8420" } },
});
