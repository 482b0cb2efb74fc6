import { mkdirSync, writeFileSync } from 'node:fs';

/** Runs named tests one after the other, writes reports/junit.xml, and fails when one of them does. */
export async function runTests(suite, tests) {
  const cases = [];
  let failures = 0;
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test();
      console.log(`ok    ${name}`);
      cases.push(`<testcase classname="${suite}" name="${escape(name)}"/>`);
    } catch (error) {
      failures += 1;
      console.log(`FAILED ${name}: ${error.message}`);
      cases.push(
        `<testcase classname="${suite}" name="${escape(name)}"><failure message="${escape(error.message)}"/></testcase>`,
      );
    }
  }
  mkdirSync('reports', { recursive: true });
  writeFileSync(
    'reports/junit.xml',
    `<?xml version="1.0"?>\n<testsuite name="${suite}" tests="${cases.length}" failures="${failures}">\n${cases.join('\n')}\n</testsuite>\n`,
  );
  if (failures > 0) process.exitCode = 1;
}

function escape(text) {
  return String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
