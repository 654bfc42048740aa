import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["out/**", "build/**", "node_modules/**", "eslint.config.mjs"] },
  ...tseslint.configs.recommendedTypeChecked,
  { languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } } },
);
