import { createHash } from 'node:crypto';

/** The pages of `signalbox setup github`: no script, no picture, one button each. */
export type Page = {
  readonly status: number;
  readonly title: string;
  /** HTML, already escaped. */
  readonly body: string;
  /** Where its forms may go; nowhere unless told. */
  readonly formAction?: string;
};

const STYLE = `
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 12vh auto 0; padding: 0 1rem }
h1 { font-size: 1.5rem }
fieldset { border: 0; padding: 0; margin: 1.5rem 0 }
input { font: inherit; padding: .4rem .6rem; width: 14rem }
button, a.button { font: inherit; font-weight: 600; display: inline-block; padding: .5rem 1rem; border: 0;
  border-radius: .4rem; background: #1f6f43; color: #fff; text-decoration: none; cursor: pointer }
code { background: #8883; padding: .1rem .3rem; border-radius: .2rem }
:focus-visible { outline: 3px solid #5aa9e6; outline-offset: 2px }
`;
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

export function renderPage({ title, body }: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)} · Signalbox</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${body}
</main>
</body>
</html>
`;
}

/**
 * Only the forge may be told what the form holds. The address of this page is a secret: others learn no more of it than
 * its host, and GitHub needs the origin of what is posted.
 */
export function headersOf({ formAction = "'none'" }: Page): Record<string, string> {
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': [
      "default-src 'none'",
      `style-src 'sha256-${STYLE_HASH}'`,
      `form-action ${formAction}`,
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'referrer-policy': 'strict-origin',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  };
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** The button that hands the manifest to GitHub. */
export function manifestForm(action: string, manifest: object, label: string): string {
  return `<form method="post" action="${escapeHtml(action)}">
<input type="hidden" name="manifest" value="${escapeHtml(JSON.stringify(manifest))}">
<button>${escapeHtml(label)}</button>
</form>`;
}

/** Asks whose App it shall be; answered by the same page. */
export function organizationForm(action: string, problem: string | undefined): string {
  const told =
    problem === undefined ? '' : `<p role="alert"><strong>${escapeHtml(problem)}</strong></p>`;
  return `${told}<form method="get" action="${escapeHtml(action)}">
<fieldset>
<label>Organisation <input name="organization" required maxlength="39" autocomplete="off" spellcheck="false"></label>
<button>Go on</button>
</fieldset>
</form>`;
}

export const GONE: Page = {
  status: 404,
  title: 'Nothing here',
  body: '<p>This address is wrong, used, or too old. Type <code>signalbox setup github</code> for a new one.</p>',
};
