// Put the bridge and the libraries that it uses into one file, which starts faster and takes 3 MB instead of 144.
import { build } from "esbuild";

// The library looks for databases that only other runtimes have, or newer ones; it stores into files here.
const NO_DATABASE = "export const constants = {}, Database = undefined, DatabaseSync = undefined; export default {};";

await build({
  entryPoints: ["bridge.js"],
  outfile: process.argv[2],
  bundle: true,
  platform: "node",
  format: "esm",
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: true, // the library finds some things by the names of its classes
  legalComments: "eof",
  banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  plugins: [
    {
      name: "no-database",
      setup({ onResolve, onLoad }) {
        onResolve({ filter: /^(bun|node):sqlite$/ }, ({ path }) => ({ path, namespace: "no-database" }));
        onLoad({ filter: /.*/, namespace: "no-database" }, () => ({ contents: NO_DATABASE }));
      },
    },
  ],
});
