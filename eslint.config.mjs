// Zero warnings is the rule (`npm run lint`). Randomness is a parameter, so Math.random is banned everywhere.
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["node_modules/**", ".cache/**", "data/**", "figures/**", "notebooks/**"] },
  ...tseslint.configs.recommended,
  {
    files: ["**/*.ts", "**/*.mjs"],
    rules: {
      eqeqeq: "error",
      "prefer-const": "error",
      "no-restricted-properties": [
        "error",
        { object: "Math", property: "random", message: "Pass an Rng (lib/base/rng)." },
      ],
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-require-imports": "off", // the project is CommonJS; engines and compilers are loaded when needed
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
    },
  },
);
