import type { Rule } from "eslint";
import type { Node } from "estree";

/** `lockstep/documented`: an exported declaration says what it is, in a JSDoc comment right before it. */
export const documentedRule: Rule.RuleModule = {
  meta: { type: "suggestion", schema: [], docs: { description: "Exported declarations have a JSDoc comment." } },
  create(context) {
    const isDocumented = (node: Node): boolean => {
      const last = context.sourceCode.getCommentsBefore(node).at(-1);
      if (last?.type !== "Block" || !last.value.startsWith("*")) return false;
      const endLine = last.loc?.end.line ?? 0;
      return (node.loc?.start.line ?? 0) - endLine <= 1;
    };
    return {
      "ExportNamedDeclaration[declaration!=null]": (node: Node) => {
        const { declaration } = node as { readonly declaration: Node };
        const names = namesOf(declaration);
        if (isDocumented(node) || isDerived(declaration, context)) return;
        context.report({ node, message: `${names} is exported without a JSDoc comment` });
      },
    };
  },
};

/** `export type X = (typeof XS)[number]` or `Static<typeof X>` says nothing that the line before it does not. */
function isDerived(declaration: Node, context: Rule.RuleContext): boolean {
  return /^type \w+ = (\(?typeof \w+\)?\[|Static<typeof \w+>;$)/.test(context.sourceCode.getText(declaration));
}

function namesOf(declaration: Node): string {
  const { id, declarations } = declaration as {
    readonly id?: { readonly name: string } | null;
    readonly declarations?: readonly { readonly id: { readonly name?: string } }[];
  };
  return id?.name ?? declarations?.map((item) => item.id.name ?? "(pattern)").join(", ") ?? "a declaration";
}
