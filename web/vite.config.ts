import { defineConfig, type Plugin } from "vite";

/** The scan page and all that it loads, directly or later: what its service worker keeps. Names carry a hash, so one that
 * stands in a file is loaded by it. */
function keptFiles(): Plugin {
  return {
    name: "kept-files",
    enforce: "post",
    generateBundle(_options, bundle) {
      const text = (name: string) => {
        const file = bundle[name];
        if (file?.type === "chunk") return file.code;
        return file !== undefined && /\.(html|css|js)$/.test(name) ? String(file.source) : "";
      };
      const found = new Set(["pass.html"]);
      for (const name of found)
        for (const other of Object.keys(bundle))
          if (other.startsWith("assets/") && text(name).includes(other.slice("assets/".length))) found.add(other);
      const worker = bundle["pass-worker.js"];
      if (worker?.type !== "chunk" || !worker.code.includes("KEPT_FILES") || found.size < 5) this.error("the scan page's files are not known");
      found.delete("pass.html");
      worker.code = worker.code.replace("KEPT_FILES", ["/pass", ...[...found].sort().map((name) => `/${name}`)].join(" "));
    },
  };
}

// Nothing inline: the server's policy forbids it. Names carry a hash, so a browser keeps files for ever.
export default defineConfig({
  plugins: [keptFiles()],
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
