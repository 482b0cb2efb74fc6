const MAX_LENGTH = 200;

/**
 * Text of Drone or of a pull request's `.drone.yml`, made fit for a sentence of ours: one line, bounded, without
 * anything that Markdown, HTML or a forge reads as markup, link, reference or mention.
 */
export function plain(text: string, max: number = MAX_LENGTH): string {
  const safe = text
    .replaceAll('://', ' ')
    .replaceAll(/www\./gi, 'www ')
    .replaceAll(/[^\p{L}\p{N} .,:;()/+=_-]+/gu, ' ')
    .replaceAll(/ +/g, ' ')
    .trim();
  const points = Array.from(safe);
  return points.length <= max ? safe : `${points.slice(0, max - 1).join('')}…`;
}
