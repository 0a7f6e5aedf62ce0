import { VIEW_POLICIES, type ViewConfig, type ViewPolicy } from "./KeeperConfig.ts";
import { accept, reject, type Parser } from "./parsers.ts";

const EXPECTED = "`name|url` or `name|url|policy`, the URL http(s) and the policy alert or pause";
const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/i;

/** The views in a comma-separated list, or in a list, of `name|url` or `name|url|policy`; the policy is alert. */
export const parseViews: Parser<readonly ViewConfig[]> = (raw) => {
  const items: unknown = typeof raw === "string" ? raw.split(",").map((item) => item.trim()) : raw;
  if (!Array.isArray(items)) return reject("a list of views, separated by commas");
  const views: ViewConfig[] = [];
  for (const [index, item] of (items as unknown[]).entries()) {
    const view = typeof item === "string" ? readView(item) : undefined;
    if (view === undefined) return reject(`view ${index + 1} to be ${EXPECTED}`, "***");
    if (views.some(({ name }) => name === view.name)) return reject("each view to have its own name", view.name);
    views.push(view);
  }
  return accept(Object.freeze(views));
};

function readView(text: string): ViewConfig | undefined {
  const [name = "", url = "", policy = "alert", ...rest] = text.split("|").map((part) => part.trim());
  const isPolicy = (VIEW_POLICIES as readonly string[]).includes(policy);
  if (!NAME.test(name) || !URL.canParse(url) || !isPolicy || rest.length > 0) return undefined;
  return /^https?:$/.test(new URL(url).protocol)
    ? Object.freeze({ name, url, policy: policy as ViewPolicy })
    : undefined;
}
