import { join } from "node:path";

import type { SuccessfulDeploymentResult } from "@nomicfoundation/ignition-core";
import { Contract, Interface, id as keccakOf, type Fragment, type InterfaceAbi, type ParamType } from "ethers";

import { ROLES } from "../../deploy/roles.ts";
import { buildContracts } from "../local/buildContracts.ts";
import { PROJECT_ROOT } from "../local/projectRoot.ts";
import type { NetworkKind } from "./parameterRules.ts";
import { ParameterProblem, type Parameters } from "./readParameters.ts";

/** A contract that was deployed, with what its constructor was given. */
export interface DryContract {
  readonly name: string;
  readonly contractName: string;
  readonly address: string;
  readonly constructor: readonly { readonly name: string; readonly value: string }[];
}

/** Who may do what, as the AccessManager that was deployed says it. */
export interface DryRole {
  readonly id: string;
  readonly name: string;
  readonly functions: readonly string[];
  /** With the seconds that it waits between scheduling and executing. */
  readonly holders: readonly { readonly who: string; readonly delaySeconds: number }[];
}

/** What a deployment with some parameters would be. */
export interface DryRun {
  readonly contracts: readonly DryContract[];
  readonly roles: readonly DryRole[];
  /** What the AccessManager says otherwise than deploy/roles.ts. */
  readonly problems: readonly string[];
}

const ADMIN = "0";
const CHAIN_IDS: Readonly<Record<NetworkKind, number>> = { local: 31_337, testnet: 11_155_111, mainnet: 1 };

/**
 * Deploys the protocol with these parameters to a network in this process, which knows no other one and ends with it, and reads back
 * what came of it. The chain's id is that of the kind of network: the contracts are stricter away from local ones.
 *
 * @throws ParameterProblem when the contracts refuse the parameters, with their error.
 */
export async function dryRun(parameters: Parameters, network: NetworkKind): Promise<DryRun> {
  const [{ createHardhatRuntimeEnvironment }, { default: config }, { deploy }, { HardhatArtifactResolver }, lockstep] =
    await Promise.all([
      import("hardhat/hre"),
      import("../../hardhat.config.ts"),
      import("@nomicfoundation/ignition-core"),
      import("@nomicfoundation/hardhat-ignition/helpers"),
      import("../../deploy/modules/Lockstep.ts"),
    ]);
  const path = join(PROJECT_ROOT, "hardhat.config.ts");
  const hre = await createHardhatRuntimeEnvironment(config, { config: path }, PROJECT_ROOT);
  await buildContracts(hre, (line) => void process.stderr.write(`${line}\n`));
  const connection = await hre.network.create({ network: "default", override: { chainId: CHAIN_IDS[network] } });
  try {
    const accounts = (await connection.provider.request({ method: "eth_accounts" })) as string[];
    const result = await deploy({
      config: { blockPollingInterval: 10, requiredConfirmations: 1, disableFeeBumping: true },
      provider: connection.provider,
      artifactResolver: new HardhatArtifactResolver(hre.artifacts),
      ignitionModule: lockstep.default,
      deploymentParameters: { Lockstep: { ...parameters } },
      accounts,
    });
    if (!("contracts" in result)) throw new ParameterProblem(describeFailure(result));
    const named = names(result, accounts);
    const { futures } = lockstep.default;
    const contracts = await Promise.all(
      Object.values(result.contracts).map(async ({ id, contractName, address }) => {
        const future = [...futures].find((each) => each.id === id);
        const given = future !== undefined && "constructorArgs" in future ? future.constructorArgs : [];
        const { abi } = await hre.artifacts.readArtifact(contractName);
        const inputs = new Interface(abi as InterfaceAbi).deploy.inputs;
        const values = inputs.map(({ name, components }, index) => {
          const value = resolve(given[index], { parameters, named, accounts });
          return { name, value: render(value, components) };
        });
        return { name: afterDot(id), contractName, address, constructor: values };
      }),
    );
    const authority = contracts.find(({ name }) => name === "AccessManager");
    if (authority === undefined) throw new ParameterProblem("the module deploys no AccessManager");
    const { abi } = await hre.artifacts.readArtifact("AccessManager");
    const manager = new Contract(authority.address, abi as Fragment[], connection.ethers.provider);
    return { contracts, ...(await readRoles(manager, contracts, named)) };
  } finally {
    await connection.close();
  }
}

/** Addresses by the words for them. */
function names(result: SuccessfulDeploymentResult, accounts: readonly string[]): ReadonlyMap<string, string> {
  const contracts = Object.values(result.contracts).map(({ id, address }) => [address.toLowerCase(), afterDot(id)]);
  const wallet = accounts.map((address, index) => [address.toLowerCase(), `account ${index} of the wallet`]);
  return new Map([...wallet, ...contracts] as [string, string][]);
}

function afterDot(id: string): string {
  return id.slice(id.indexOf("#") + 1);
}

interface Resolving {
  readonly parameters: Parameters;
  readonly named: ReadonlyMap<string, string>;
  readonly accounts: readonly string[];
}

/** An argument of the module as the constructor got it, with contracts and accounts by their names. */
function resolve(value: unknown, context: Resolving): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => resolve(item, context));
  if (typeof value === "string") return context.named.get(value.toLowerCase()) ?? value;
  if (typeof value !== "object" || value === null) return value;
  const { type, name = "", accountIndex, id } = value as Readonly<Record<string, unknown>> & { name?: string };
  if (type === "MODULE_PARAMETER") return resolve(context.parameters[name], context);
  if (type === "ACCOUNT") return resolve(context.accounts[Number(accountIndex)], context);
  if (typeof id === "string" && "module" in value) return afterDot(id);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, context)]));
}

/** A value for people; the fields of a struct by name. */
function render(value: unknown, components: readonly ParamType[] | null): string {
  if (components === null || typeof value !== "object" || value === null) return String(value);
  return components.map(({ name }) => `${name} ${String((value as Record<string, unknown>)[name])}`).join(", ");
}

async function readRoles(
  manager: Contract,
  contracts: readonly DryContract[],
  named: ReadonlyMap<string, string>,
): Promise<Pick<DryRun, "roles" | "problems">> {
  const addressOf = new Map(contracts.map(({ name, address }) => [name, address]));
  const problems: string[] = [];
  const holdersOf = async (role: bigint | string) => {
    const asked = [...named].map(async ([address, who]) => {
      const [isMember, delay] = (await manager.getFunction("hasRole")(role, address)) as [boolean, bigint];
      return isMember ? [{ who, delaySeconds: Number(delay) }] : [];
    });
    return (await Promise.all(asked)).flat();
  };
  const roles: DryRole[] = [
    { id: ADMIN, name: "ADMIN", functions: ["everything below"], holders: await holdersOf(ADMIN) },
  ];
  for (const { id, name, functions, holder } of ROLES) {
    for (const { contract, signature } of functions) {
      const selector = keccakOf(signature).slice(0, 10);
      const role = (await manager.getFunction("getTargetFunctionRole")(addressOf.get(contract), selector)) as bigint;
      if (role !== id) problems.push(`${contract}.${nameOf(signature)} belongs to role ${role}, not to ${name}`);
    }
    const holders = await holdersOf(id);
    const isRight = holders.length === 1 && (holder === undefined || holders[0]?.who === holder);
    if (!isRight) problems.push(`${name} is held by ${holders.map(({ who }) => who).join(", ") || "nobody"}`);
    const listed = functions.map(({ contract, signature }) => `${contract}.${nameOf(signature)}`);
    roles.push({ id: id.toString(), name, functions: listed, holders });
  }
  return { roles, problems };
}

function nameOf(signature: string): string {
  return signature.slice(0, signature.indexOf("("));
}

/** What the contracts objected to, in their own words. */
function describeFailure(result: object): string {
  const text = JSON.stringify(result, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
  const errors = [...text.matchAll(/"(?:error|message)":"((?:[^"\\]|\\.)*)"/g)].map(([, message = ""]) => message);
  const futures = [...text.matchAll(/"futureId":"([^"]*)"/g)].map(([, future = ""]) => afterDot(future));
  return `the contracts refuse it: ${[...new Set(futures)].join(", ")}: ${[...new Set(errors)].join("; ") || text}`;
}
