// Writes the certificates that the C++ controller trusts makers by, those of tests, into FOLDER.
const fs = require('node:fs');
const path = require('node:path');

const [folder] = process.argv.slice(2);
// Among what the library does not export.
const library = path.dirname(require.resolve('@matter/protocol'));
const roots = require(path.join(library, 'certificate', 'ChipPAAuthorities.js'));

for (const [name, certificate] of Object.entries(roots)) {
  if (/^TestCert_PAA_.*_Cert$/.test(name)) fs.writeFileSync(path.join(folder, `${name}.der`), certificate);
}
fs.writeFileSync(path.join(folder, '.version'), '1'); // fetched today: it looks for no others
