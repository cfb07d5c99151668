import { defineConfig } from "vite";
import react from "@vitejs/plugin-react";
import locales from "@react-aria/optimize-locales-plugin";

// npm run dev sends every request to this server, except for files of this folder.
const server = process.env.HOMEROOM_URL ?? "http://127.0.0.1:8080";
const toServer = { target: server, ws: true };

export default defineConfig(({ command }) => ({
  // The languages of React Aria's own texts.
  plugins: [react(), { ...locales.vite({ locales: ["en-US", "es-ES"] }), enforce: "pre" }],
  // homeroom puts a new nonce there in each answer. Vite's own server has no policy.
  html: command === "build" ? { cspNonce: "__NONCE__" } : {},
  build: {
    outDir: "../dist",
    emptyOutDir: true,
    target: "es2023",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: {
    port: 5173,
    proxy: { "/graphql": toServer, "/downloads": toServer, "/account": toServer, "/graphiql": toServer },
  },
  test: { environment: "happy-dom", include: ["test/**/*.test.ts", "test/**/*.test.tsx"] },
}));
