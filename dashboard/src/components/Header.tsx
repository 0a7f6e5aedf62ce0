import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import type { StatusDocument } from "../../../client/index.ts";
import type { KeeperView } from "../state/KeeperStore.ts";

const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];
const STORED = "lockstep-theme";

/** Which keeper this is, the pages, and the theme. */
export function Header({
  status,
  connection,
  children,
}: {
  readonly status: StatusDocument | null;
  readonly connection: KeeperView["connection"];
  readonly children: ComponentChildren;
}) {
  return (
    <header>
      <div class="brand">
        <img src="/icon.svg" alt="" width="24" height="24" />
        <h1>Lockstep</h1>
        {status === null ? null : (
          <p class="whose">
            {status.keeper.name} · chain {status.keeper.chainId} · mode {status.keeper.mode} · {status.keeper.version}
          </p>
        )}
      </div>
      {children}
      <div class="tools">
        <span class={`wire ${connection}`}>
          {connection === "live" ? "live" : connection === "lost" ? "connection lost" : "connecting"}
        </span>
        <ThemeChoice />
      </div>
    </header>
  );
}

function ThemeChoice() {
  const [theme, setTheme] = useState<Theme>(readTheme);
  useEffect(() => {
    const { documentElement: root } = document;
    if (theme === "auto") delete root.dataset["theme"];
    else root.dataset["theme"] = theme;
    try {
      localStorage.setItem(STORED, theme);
    } catch {
      // It holds for this page.
    }
  }, [theme]);
  return (
    <label class="theme">
      <span class="hidden">Colours</span>
      <select value={theme} onChange={(event) => setTheme(event.currentTarget.value as Theme)}>
        {THEMES.map((name) => (
          <option key={name} value={name}>
            {name === "auto" ? "as the system" : name}
          </option>
        ))}
      </select>
    </label>
  );
}

function readTheme(): Theme {
  try {
    const stored = localStorage.getItem(STORED);
    return THEMES.find((name) => name === stored) ?? "auto";
  } catch {
    return "auto";
  }
}
