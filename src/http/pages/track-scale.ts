/** Geometry of the track: pure numbers, in units of the SVG's view box. */

export const TRACK = { width: 1060, left: 10, right: 1050 } as const;

/** Stations closer than this cannot be told apart. */
const MIN_GAP = 24;
const LABEL_GAP = 16;
const MAX_ROWS = 3;

export type Scale = {
  /** Where each station stands, in the order given. */
  readonly stations: readonly number[];
  /** Where the last moment lies. */
  readonly end: number;
  xAt(moment: number): number;
};

/**
 * Puts moments on a line to the scale of time, save that neighbours keep a least distance.
 * `starts` rises; `end` is not before its last.
 */
export function scaleTime(
  starts: readonly number[],
  end: number,
  right: number = TRACK.right,
): Scale {
  const moments = [...starts, Math.max(end, starts.at(-1) ?? end)];
  const spans = moments.slice(1).map((moment, i) => moment - (moments[i] ?? moment));
  const widths = shareWidth(spans, right - TRACK.left);
  const places: number[] = [TRACK.left];
  for (const width of widths) places.push((places.at(-1) ?? TRACK.left) + width);
  return {
    stations: places.slice(0, starts.length),
    end: places.at(-1) ?? TRACK.left,
    xAt: (moment) => interpolate(moments, places, moment),
  };
}

/** Shares a width in proportion, except that small shares are lifted to the least one at the others' cost. */
function shareWidth(spans: readonly number[], width: number): readonly number[] {
  const least = Math.min(MIN_GAP, width / Math.max(1, spans.length));
  const lifted = new Set<number>();
  for (;;) {
    const rest = width - lifted.size * least;
    const total = spans.reduce((sum, span, i) => sum + (lifted.has(i) ? 0 : span), 0);
    const share = (span: number) => (total > 0 ? (span / total) * rest : least);
    const small = spans.findIndex((span, i) => !lifted.has(i) && share(span) < least);
    if (small < 0) return spans.map((span, i) => (lifted.has(i) ? least : share(span)));
    lifted.add(small);
  }
}

function interpolate(
  moments: readonly number[],
  places: readonly number[],
  moment: number,
): number {
  const next = moments.findIndex((other) => other > moment);
  const last = places.at(-1) ?? TRACK.left;
  if (next < 0) return last;
  if (next === 0) return places[0] ?? TRACK.left;
  const [from, until] = [moments[next - 1] ?? 0, moments[next] ?? 0];
  const [a, b] = [places[next - 1] ?? 0, places[next] ?? 0];
  return a + ((moment - from) / (until - from)) * (b - a);
}

export type PlacedLabel = { readonly index: number; readonly x: number; readonly row: number };

/**
 * Gives each label a place at or near its station so that none covers another: pushed aside in its row,
 * and in more rows when one is too short. What finds no place in three rows is left out, least `weight` first.
 */
export function placeLabels(
  labels: readonly { readonly x: number; readonly width: number; readonly weight: number }[],
): readonly PlacedLabel[] {
  let kept = labels.map((label, index) => ({ ...label, index }));
  for (;;) {
    for (let count = 1; count <= MAX_ROWS; count += 1) {
      const rows = Array.from({ length: count }, (_, row) =>
        kept.filter((_label, i) => i % count === row),
      );
      if (!rows.every(fits)) continue;
      return rows.flatMap((row, i) => spread(row).map((placed) => ({ ...placed, row: i })));
    }
    const least = kept.reduce((a, b) => (b.weight < a.weight ? b : a));
    kept = kept.filter((label) => label !== least);
  }
}

function fits(row: readonly { readonly width: number }[]): boolean {
  const need = row.reduce((sum, { width }) => sum + width + LABEL_GAP, -LABEL_GAP);
  return need <= TRACK.width || row.length === 1;
}

function spread(
  labels: readonly { readonly x: number; readonly width: number; readonly index: number }[],
): readonly { index: number; x: number }[] {
  const xs: number[] = [];
  let free = 0;
  for (const { x, width } of labels) {
    xs.push(Math.max(x, free));
    free = (xs.at(-1) ?? 0) + width + LABEL_GAP;
  }
  let limit: number = TRACK.width;
  for (let i = labels.length - 1; i >= 0; i -= 1) {
    xs[i] = Math.max(0, Math.min(xs[i] ?? 0, limit - (labels[i]?.width ?? 0)));
    limit = (xs[i] ?? 0) - LABEL_GAP;
  }
  return labels.map(({ index }, i) => ({ index, x: xs[i] ?? 0 }));
}

/** A careful guess of how wide a text gets, for the widest of the fonts we fall back to. */
export function estimateWidth(text: string, size: number): number {
  let units = 0;
  for (const character of text) units += (character.codePointAt(0) ?? 0) > 0x2e7f ? 1.1 : 0.61;
  return units * size;
}
