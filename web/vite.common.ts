import { createRequire } from "node:module";
import { resolve } from "node:path";
import react from "@vitejs/plugin-react";
import type { UserConfig } from "vite";

// The plug-in's own build for ES modules imports what is none.
const locales = createRequire(import.meta.url)("@react-aria/optimize-locales-plugin");

/** What both apps are built with. `here` is the app's folder. */
export function app(here: string): UserConfig {
  return {
    root: here,
    plugins: [react(), { ...locales.vite({ locales: ["zh-CN", "en-US"] }), enforce: "pre" }],
    resolve: { alias: { "@shared": resolve(here, "../shared/src") } },
    build: {
      outDir: resolve(here, "dist"),
      emptyOutDir: true,
      target: "es2023",
      // The pages' policy allows pictures as data, and neither fonts nor scripts; a file of its own is cached better.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
  };
}
