import { defineConfig } from "eslint/config";
import importX from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

import { documentedRule } from "./scripts/lint/documentedRule.ts";
import { pureGlobs } from "./scripts/lint/zones.ts";
import { zonesRule } from "./scripts/lint/zonesRule.ts";

/** What reaches for the time, chance or the world. `globalThis` is on the list, or it would be the way around it. */
const IMPURE_GLOBALS = [
  ...["Date", "Temporal", "performance", "setTimeout", "setInterval", "setImmediate", "queueMicrotask"],
  ...["crypto", "process", "fetch", "WebSocket", "EventSource", "navigator", "globalThis", "global", "require"],
].map((name) => ({ name, message: "A pure zone is given its clock, randomness and I/O." }));

/**
 * Node's type stripping runs these files as they are; what it cannot strip is refused here. The compiler's own check
 * (`erasableSyntaxOnly`) is for editors: it would also refuse the namespaces in TypeChain's output.
 */
const NOT_ERASABLE = [
  { selector: "TSEnumDeclaration", message: "No enums: a union of strings, or a const object." },
  { selector: "TSModuleDeclaration[kind='namespace']", message: "No namespaces: a module is one." },
  { selector: "TSParameterProperty", message: "No parameter properties: they are not erasable." },
  { selector: "TSExportAssignment", message: "No export assignment: it is not erasable." },
  { selector: "TSImportEqualsDeclaration", message: "No import assignment: it is not erasable." },
];

/** Core rules that neither the compiler nor typescript-eslint has. */
const CORE_RULES = Object.fromEntries(
  [
    ...["for-direction", "no-async-promise-executor", "no-case-declarations", "no-compare-neg-zero", "no-cond-assign"],
    ...["no-constant-binary-expression", "no-constant-condition", "no-control-regex", "no-debugger", "no-dupe-else-if"],
    ...[
      "no-empty",
      "no-empty-character-class",
      "no-empty-pattern",
      "no-ex-assign",
      "no-fallthrough",
      "no-global-assign",
    ],
    ...["no-irregular-whitespace", "no-loss-of-precision", "no-misleading-character-class", "no-prototype-builtins"],
    ...["no-regex-spaces", "no-self-assign", "no-self-compare", "no-shadow-restricted-names", "no-sparse-arrays"],
    ...["no-template-curly-in-string", "no-unassigned-vars", "no-unmodified-loop-condition", "no-unreachable-loop"],
    ...["no-unsafe-finally", "no-unsafe-optional-chaining", "no-useless-assignment", "no-useless-backreference"],
    ...["no-useless-catch", "no-useless-escape", "no-var", "object-shorthand", "prefer-const", "preserve-caught-error"],
    ...["require-yield", "use-isnan"],
  ].map((name) => [name, "error"]),
);

const plugin = { rules: { zones: zonesRule, documented: documentedRule } };

export default defineConfig(
  {
    ignores: [
      "node_modules/",
      "artifacts/",
      "cache/",
      "types/",
      "coverage/",
      ".lockstep/",
      "deploy/deployments/",
      "dashboard/dist/",
      "dist/",
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: "error", reportUnusedInlineConfigs: "error" } },
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { "import-x": importX, lockstep: plugin },
    rules: {
      ...CORE_RULES,
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-console": "error",
      "no-restricted-syntax": ["error", ...NOT_ERASABLE],
      "max-lines-per-function": ["error", { max: 70, skipBlankLines: true, skipComments: true }],
      "import-x/first": "error",
      "import-x/no-default-export": "error",
      "import-x/no-duplicates": ["error", { "prefer-inline": false }],
      "lockstep/zones": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/no-unused-vars": [
        "error",
        {
          ...{ argsIgnorePattern: "^_", varsIgnorePattern: "^_", destructuredArrayIgnorePattern: "^_" },
          ...{ ignoreRestSiblings: true },
        },
      ],
      // `onEnd: () => clearTimeout(timer)` is no confusion.
      "@typescript-eslint/no-confusing-void-expression": [
        "error",
        { ignoreArrowShorthand: true, ignoreVoidOperator: true, ignoreVoidReturningFunctions: true },
      ],
      // `Promise.withResolvers<void>()` is what it refuses.
      "@typescript-eslint/no-invalid-void-type": "off",
      // Amounts are bigints and heights are numbers; both are meant to be read in messages as they are.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
    },
  },
  {
    files: ["keeper/**"],
    rules: {
      "max-lines": ["error", { max: 250, skipBlankLines: true, skipComments: true }],
      "import-x/no-extraneous-dependencies": ["error", { devDependencies: false }],
      "lockstep/documented": "error",
      "no-restricted-properties": [
        "error",
        { object: "process", property: "env", message: "main.ts reads the environment and hands it on." },
        { object: "process", property: "exit", message: "main.ts ends the process, by its exit code." },
        { object: "process", property: "exitCode", message: "main.ts ends the process, by its exit code." },
      ],
    },
  },
  { files: ["keeper/main.ts"], rules: { "no-restricted-properties": "off" } },
  { files: ["keeper/main.ts", "keeper/commands/**", "scripts/**", "bench/**"], rules: { "no-console": "off" } },
  {
    files: ["keeper/**/index.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        { selector: "Program", message: "No barrels: import the file that defines it." },
      ],
    },
  },
  {
    ...pureGlobs(),
    rules: {
      "no-restricted-globals": ["error", ...IMPURE_GLOBALS],
      "no-restricted-properties": [
        "error",
        { object: "Math", property: "random", message: "A pure zone is given its randomness." },
        { object: "Promise", property: "race", message: "A race is decided by time: adapters only." },
        { object: "Promise", property: "any", message: "A race is decided by time: adapters only." },
      ],
    },
  },
  {
    // Loops over bytes and nibbles: an index that the line before it has bounded may be asserted, and nothing else.
    files: ["keeper/lib/**", "keeper/trie/**", "keeper/chain/verify/**"],
    rules: {
      "@typescript-eslint/no-non-null-assertion": "off",
      "no-restricted-syntax": [
        "error",
        ...NOT_ERASABLE,
        {
          selector: "TSNonNullExpression:not(:has(> MemberExpression[computed=true]))",
          message: "Only a bounded index is asserted here.",
        },
      ],
    },
  },
  {
    files: ["keeper/books/generated/**"],
    rules: { "max-lines": "off", "max-lines-per-function": "off", "lockstep/documented": "off" },
  },
  { files: ["**/*.config.ts", "*.config.js", "deploy/modules/**"], rules: { "import-x/no-default-export": "off" } },
  {
    files: ["test/**"],
    rules: {
      "max-lines-per-function": "off",
      // Seeds are printed.
      "no-console": "off",
      // An assertion that fails, fails the test: with the line that was wrong.
      "@typescript-eslint/no-non-null-assertion": "off",
      // A parameter that takes anything is no reason to hand it `undefined`.
      "@typescript-eslint/no-unnecessary-type-assertion": "off",
      // Fakes implement asynchronous interfaces, and names of tests show whatever value they are about.
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/no-base-to-string": "off",
      // `expect(x).to.be.true` is a statement of chai's.
      "@typescript-eslint/no-unused-expressions": "off",
    },
  },
  { files: ["**/*.js"], extends: [tseslint.configs.disableTypeChecked] },
);
