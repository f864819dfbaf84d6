// AsyncAPI's own parser, which is its linter too: a line for each error or warning.
import { fromFile, Parser } from "@asyncapi/parser";

const { diagnostics } = await fromFile(new Parser(), process.argv[2]).parse();
const wrong = diagnostics.filter(({ severity }) => severity < 2);
for (const { code, message, path } of wrong) console.log(`${code} at ${path.join(".")}: ${message}`);
process.exitCode = wrong.length ? 1 : 0;
