import { setFlagsFromString } from "node:v8";

/**
 * From now on modules are compiled whole when they are loaded, and stay compiled. By itself V8 compiles a function when it first runs
 * and forgets it when it has not run for long: so the code that contains an incident would be compiled while the incident
 * waits. Costs some megabytes and a fifth of a second at the start.
 */
export function compileEagerly(): void {
  setFlagsFromString("--no-lazy");
  setFlagsFromString("--no-flush-bytecode");
}
