import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Child processes and not threads: native addons and GPU devices do not share a process well.
    pool: "forks",
    testTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: "fast",
          include: ["test/**/*.test.ts"],
          exclude: ["test/accuracy/**", "test/cli/**", "test/package/**", "test/faults/**"],
        },
      },
      // Runs the built command line, so dist must be fresh.
      { extends: true, test: { name: "cli", include: ["test/cli/**/*.test.ts"], globalSetup: ["test/cli/build.ts"] } },
      {
        extends: true,
        test: { name: "faults", include: ["test/faults/**/*.test.ts"], globalSetup: ["test/cli/build.ts"] },
      },
      { extends: true, test: { name: "package", include: ["test/package/**/*.test.ts"], testTimeout: 900_000 } },
      { extends: true, test: { name: "accuracy", include: ["test/accuracy/**/*.test.ts"], testTimeout: 900_000 } },
    ],
  },
});
