import { editJson, parsePath } from "./editJson.ts";
import type { Rule } from "./Rule.ts";
import { listParams } from "./rpcMessage.ts";

/** Flips the lowest bit when a rule does not say which. */
const DEFAULT_MASK = 1;

/** The result, of a call or in a push, as the rule has it. */
export async function editReply(rule: Rule, result: unknown, params: unknown): Promise<unknown> {
  switch (rule.action) {
    case "replace":
      return "change" in rule ? await rule.change(result, listParams(params)) : rule.result;
    case "null":
      return null;
    case "empty":
      return [];
    case "edit":
      return editJson(result, segmentsOf(rule.path), { kind: "set", value: rule.value });
    case "remove":
      return editJson(result, segmentsOf(rule.path), { kind: "remove" });
    case "xor": {
      const { byte = 0, mask = DEFAULT_MASK } = rule;
      return editJson(result, segmentsOf(rule.path), { kind: "xor", byte, mask });
    }
    default:
      return result;
  }
}

function segmentsOf(path: string): readonly string[] {
  // Checked when the rule was added.
  return parsePath(path) ?? [];
}
