// Where the installed packages are: CRUCIBLE_PEERS names the folder that has node_modules.
import { join, resolve } from "node:path";

const folder = process.env.CRUCIBLE_PEERS;
if (!folder) {
  console.error("CRUCIBLE_PEERS is not set: `make peers` installs the packages and prints the folder");
  process.exit(2);
}

export const installed = (...path) => join(resolve(folder), "node_modules", ...path);
