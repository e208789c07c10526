import { resolve } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@shared": resolve(import.meta.dirname, "shared/src") } },
  test: { environment: "jsdom", include: ["*/src/**/*.test.{ts,tsx}"], maxWorkers: 1 },
});
