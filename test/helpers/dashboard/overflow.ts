import type { Page } from "playwright-core";

/**
 * What of the page lies to the right of the window, and is not cut off or scrolled by something around it: the outermost first, with
 * the number of pixels.
 */
const STICKING_OUT = `(() => {
  const { documentElement: root, body } = document;
  const width = root.clientWidth;
  const isCut = (element) => {
    for (let around = element.parentElement; around !== null && around !== body; around = around.parentElement) {
      if (getComputedStyle(around).overflowX !== "visible") return true;
    }
    return false;
  };
  const describe = (element) => element.localName + (element.id === "" ? "" : "#" + element.id) +
    [...element.classList].map((name) => "." + name).join("");
  const out = [...body.querySelectorAll("*")]
    .map((element) => ({ element, by: Math.round(element.getBoundingClientRect().right - width) }))
    .filter(({ element, by }) => by > 0 && !isCut(element))
    .map(({ element, by }) => by + " px: " + describe(element) + " in " + describe(element.parentElement) + ", " +
      JSON.stringify((element.textContent ?? "").slice(0, 60)));
  const by = root.scrollWidth - width;
  return by <= 0 ? [] : ["the page: " + by + " px", ...out.slice(0, 8)];
})()`;

/** What makes the page scroll sideways, in words; empty where it does not. */
export async function sidewaysOverflow(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(STICKING_OUT);
}
