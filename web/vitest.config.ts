import { resolve } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@shared": resolve(import.meta.dirname, "shared/src") } },
  test: {
    maxWorkers: 1,
    projects: [
      { extends: true, test: { name: "rendered", environment: "jsdom", include: ["*/src/**/*.test.tsx"] } },
      {
        extends: true,
        test: {
          name: "reckoned",
          include: ["*/src/**/*.test.ts"],
          // To make a page for a file takes twenty times as long as a file that needs none, and what reckons
          // keeps nothing that the next file could find.
          environment: "node",
          isolate: false,
        },
      },
    ],
  },
});
