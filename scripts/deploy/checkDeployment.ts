import { readDeploymentParameters } from "@nomicfoundation/hardhat-ignition/helpers";

import LockstepModule from "../../deploy/modules/Lockstep.ts";
import { dryRun, type DryRun } from "./dryRun.ts";
import { judgeParameters, type Findings, type NetworkKind } from "./parameterRules.ts";
import { completeParameters, declaredParameters, ParameterProblem, type Parameters } from "./readParameters.ts";

/** What a check found. Nothing was deployed where there are refusals before. */
export interface DeploymentCheck extends Findings {
  readonly parameters: Parameters;
  readonly run: DryRun | null;
}

/** The names that a parameter file may have at its top. */
const MODULES = ["Lockstep", "$global"];

/**
 * Whether a file of Ignition parameters makes a protocol that holds together: its values are judged, and then deployed to a network
 * within this process. No other network is asked or told anything.
 */
export async function checkDeployment(path: string, network: NetworkKind): Promise<DeploymentCheck> {
  let parameters: Parameters = {};
  try {
    const file = (await readDeploymentParameters(path)) as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    const stranger = Object.keys(file).find((name) => !MODULES.includes(name));
    if (stranger !== undefined) throw new ParameterProblem(`${stranger}: no module has this name; it is Lockstep`);
    parameters = completeParameters({ ...file["$global"], ...file["Lockstep"] }, declaredParameters(LockstepModule));
    const { refusals, warnings } = judgeParameters(parameters, network);
    if (refusals.length > 0) return { parameters, refusals, warnings, run: null };
    const run = await dryRun(parameters, network);
    return { parameters, refusals: run.problems, warnings, run };
  } catch (error: unknown) {
    if (!(error instanceof ParameterProblem)) throw error;
    return { parameters, refusals: [error.message], warnings: [], run: null };
  }
}
