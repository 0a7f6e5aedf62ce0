import "uplot/dist/uPlot.min.css";
import "./styles.css";

import { render } from "preact";

import { LockstepClient } from "../../client/index.ts";
import { App } from "./App.tsx";
import { KeeperStore } from "./state/KeeperStore.ts";

const store = new KeeperStore(new LockstepClient(location.origin));
const root = document.querySelector("#app");
if (root === null) throw new Error("index.html has no #app");
root.textContent = "";
render(<App store={store} />, root);
void store.run(new AbortController().signal);
