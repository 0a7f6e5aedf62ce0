import type { ContractTransactionResponse } from "ethers";

/** Collects the gas of transactions and prints it as the Markdown table of docs/performance.md. */
export class GasTable {
  readonly #rows: { readonly name: string; readonly gas: bigint }[] = [];

  /** Waits for `sent`, notes what it used, and returns it. */
  async note(name: string, sent: Promise<ContractTransactionResponse>): Promise<bigint> {
    const { gasUsed } = (await (await sent).wait())!;
    this.#rows.push({ name, gas: gasUsed });
    return gasUsed;
  }

  /** The table, in the order of the notes. */
  toString(): string {
    const rows = this.#rows.map(({ name, gas }) => `| ${name} | ${gas.toLocaleString("en-US")} |`);
    return ["| operation | gas |", "|---|---:|", ...rows].join("\n");
  }
}
