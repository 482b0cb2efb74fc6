/**
 * Environment for a `git` child: the token goes as a header to our forge's addresses only, so that neither argv nor
 * an address nor a file holds it. The server looks at the password only. Redirects are off, because git would carry the header to wherever they lead.
 */
export function gitEnvironment(
  addresses: readonly string[],
  token: string,
): Readonly<Record<string, string>> {
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
  const settings: [string, string][] = [
    ['credential.helper', ''],
    ['http.followRedirects', 'false'],
    ...addresses.map((address): [string, string] => [
      `http.${address}/.extraHeader`,
      `Authorization: Basic ${basic}`,
    ]),
  ];
  const environment: Record<string, string> = {
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_COUNT: String(settings.length),
  };
  for (const [index, [key, value]] of settings.entries()) {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return environment;
}
