// Zero warnings is the rule (`npm run lint`). Randomness is a parameter, so Math.random is banned everywhere.
import tseslint from "typescript-eslint";

export default tseslint.config(
  {
    ignores: ["mine/**", "node_modules/**", ".cache/**", "data/**", "figures/**", "notebooks/**", "site/**"],
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    files: ["**/*.ts", "**/*.mjs", "**/*.cjs"],
    languageOptions: { parserOptions: { project: "tsconfig.json", tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: "error",
      "prefer-const": "error",
      "no-restricted-properties": [
        "error",
        { object: "Math", property: "random", message: "Pass an Rng (lib/base/rng)." },
      ],
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": [
        "error",
        {
          // The runner awaits these itself.
          allowForKnownSafeCalls: [
            { from: "package", package: "node:test", name: ["test", "it", "describe", "before", "after"] },
          ],
        },
      ],
      // `import type` where all is types, `type` before a name where not all is
      "@typescript-eslint/no-import-type-side-effects": "error",
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-require-imports": "off", // the project is CommonJS; engines are loaded when needed
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
    },
  },
);
