// Writes the generated parts of the documentation: docs/configuration.md and the command table of the README.
import { readFileSync, writeFileSync } from 'node:fs';
import { renderCommandTable } from '../src/domain/commands.ts';
import { renderConfigDocs } from '../src/domain/config-docs.ts';

const root = new URL('../', import.meta.url);
writeFileSync(new URL('docs/configuration.md', root), renderConfigDocs());

const readme = new URL('README.md', root);
const BETWEEN = /(<!-- commands -->\n)[\s\S]*?(<!-- \/commands -->)/;
writeFileSync(
  readme,
  readFileSync(readme, 'utf8').replace(BETWEEN, (_, open: string, close: string) => open + renderCommandTable() + close),
);
