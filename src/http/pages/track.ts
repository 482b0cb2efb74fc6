import { html } from 'hono/html';
import { isTerminal } from '../../domain/run.ts';
import { duration } from '../../report/format.ts';
import type { Html } from './format.ts';
import type { RunRow } from './source.ts';
import { describeTrack, listNotBegun, listStations, type Station } from './stations.ts';
import { estimateWidth, placeLabels, type Scale, scaleTime, TRACK } from './track-scale.ts';

const SIZE = 12.5;
/** Beyond this share of the usual time a stage has overrun. */
const OVERRUN = 1.15;

/** The run as a line drawn to the scale of time. Pure: the same row and moment give the same picture. */
export function renderTrack(row: RunRow, now: number): Html {
  const stations = listStations(row, now);
  const scale = scaleRun(row, stations, now);
  const { labels, height } = layLabels(stations, scale);
  const y = height + 24;
  const hasUsual = stations.some(({ usualMs }) => usualMs !== undefined);
  return html`<svg viewBox="0 0 ${TRACK.width} ${y + (hasUsual ? 34 : 18)}" role="img" aria-label="${describeTrack(row, now)}">
<path class="rail" d="M${TRACK.left} ${y}H${TRACK.right}"/>
${stations.map((station, i) => renderStretch(station, spanOf(scale, stations, i), y))}
${renderUsual(stations, scale, y)}
${stations.map((station, i) => renderStation(station, spanOf(scale, stations, i), y))}
${stations.map((station, i) => renderBreak(station, spanOf(scale, stations, i), y))}
${labels.map((label) => renderLabel(label, y))}
</svg>`;
}

/** The stages that have not begun, each with the reason: words under the picture. */
export function renderNotBegun(row: RunRow): Html {
  const groups = listNotBegun(row);
  if (groups.length === 0) return html``;
  return html`<ul class="rest">${groups.map(
    ({ why, names }) =>
      html`<li>${why}: ${names.map((name) => html`<span class="item">○ <bdi>${name}</bdi></span> `)}</li>`,
  )}</ul>`;
}

/** The track, small, for lists; its words stand beside it there. */
export function renderStrip(row: RunRow, now: number): Html {
  const stations = listStations(row, now);
  const scale = scaleRun(row, stations, now);
  const x = (place: number) => ((place / TRACK.width) * 120).toFixed(1);
  return html`<svg class="strip" viewBox="0 0 120 12" width="120" height="12" aria-hidden="true"><path class="rail" d="M1 6H119"/>${stations.map(
    (station, i) => {
      const { from, until } = spanOf(scale, stations, i);
      const dash = station.kind === 'waiting' ? 'stretch wait' : 'stretch';
      const top = station.broken ? 2 : 4;
      return station.kind === 'waiting'
        ? html`<path class="${dash} ${station.aspect}" d="M${x(from)} 6H${x(until)}"/>`
        : html`<rect class="fill ${station.aspect}" x="${x(from)}" y="${top}" width="${Math.max(2, Number(x(until)) - Number(x(from)) - 1)}" height="${12 - 2 * top}"/>`;
    },
  )}</svg>`;
}

type Span = { readonly from: number; readonly until: number };
type Label = {
  readonly station: Station;
  readonly at: number;
  readonly x: number;
  readonly top: number;
  readonly stacked: boolean;
  /** The clock time it began, with seconds where minutes would not tell stations apart. */
  readonly when: string;
};

/** The line ends with the run, or where the run should end; the last label keeps its room. */
function scaleRun(row: RunRow, stations: readonly Station[], now: number): Scale {
  const starts = stations.map(({ from }) => from);
  const last = Math.max(...stations.map(({ until }) => until));
  const expected = isTerminal(row.state)
    ? last
    : Math.max(last, now, (row.startedAt ?? now) + (row.usual?.totalMs ?? 0));
  const scale = scaleTime(starts, expected);
  const room = widthOf(stations.at(-1), false) - (scale.end - (scale.stations.at(-1) ?? 0));
  if (room <= 0 || stations.length < 2) return scale;
  return scaleTime(starts, expected, TRACK.right - Math.min(room, TRACK.right / 4));
}

/** A stretch is never so short that it cannot be seen. */
function spanOf(scale: Scale, stations: readonly Station[], index: number): Span {
  const from = scale.stations[index] ?? TRACK.left;
  const next = scale.stations[index + 1] ?? scale.end;
  const station = stations[index];
  const until = station === undefined ? from : scale.xAt(station.until);
  return { from, until: Math.max(until, Math.min(next, from + 8)) };
}

function widthOf(station: Station | undefined, stacked: boolean): number {
  if (station === undefined) return 0;
  const name = estimateWidth(station.name, SIZE + 0.8);
  const note = estimateWidth(station.note, SIZE);
  return stacked ? Math.max(name, note, estimateWidth('00:00:00', 11)) : name + 8 + note;
}

function layLabels(
  stations: readonly Station[],
  scale: Scale,
): { labels: readonly Label[]; height: number } {
  const total = stations.reduce((sum, station) => sum + widthOf(station, false) + 16, 0);
  const stacked = total > TRACK.width;
  const lineHeight = stacked ? 50 : 34;
  const placed = placeLabels(
    stations.map((station, i) => ({
      x: scale.stations[i] ?? 0,
      width: widthOf(station, stacked),
      weight: station.broken || station.running ? Infinity : station.until - station.from,
    })),
  );
  const length = (stations.at(-1)?.until ?? 0) - (stations[0]?.from ?? 0);
  const digits = length < 5 * 60_000 ? 19 : 16;
  const rows = Math.max(1, ...placed.map(({ row }) => row + 1));
  const labels = placed.flatMap(({ index, x, row }) => {
    const station = stations[index];
    const at = scale.stations[index] ?? 0;
    const top = (rows - 1 - row) * lineHeight;
    if (station === undefined) return [];
    const when = new Date(station.from).toISOString().slice(11, digits);
    return [{ station, at, x, top, stacked, when }];
  });
  return { labels, height: rows * lineHeight };
}

function renderStretch(station: Station, { from, until }: Span, y: number): Html {
  const kind = station.kind === 'waiting' ? 'stretch wait' : 'stretch';
  return html`<path class="${kind} ${station.aspect}" d="M${round(from)} ${y}H${round(until)}"/>`;
}

function renderStation(station: Station, { from, until }: Span, y: number): Html {
  const dot = html`<circle class="station ${station.aspect}" cx="${round(from)}" cy="${y}" r="7"/>`;
  if (!station.running) return dot;
  return html`${dot}<circle class="train ${station.aspect}" cx="${round(until)}" cy="${y}" r="7"/>`;
}

/** The cross where a stage broke off, clear of the next station. */
function renderBreak(station: Station, { from, until }: Span, y: number): Html {
  if (!station.broken) return html``;
  const x = round(Math.max(from + 14, until - 17));
  return html`<circle class="fill ${station.aspect}" cx="${x}" cy="${y}" r="9"/><path class="cross" d="M${round(x - 3.5)} ${y - 3.5}l7 7m0-7l-7 7"/>`;
}

/** The usual length as a dotted line below; in words only where it was overrun. */
function renderUsual(stations: readonly Station[], scale: Scale, y: number): Html {
  let free = 0;
  return html`<g class="usual">${stations.map((station, i) => {
    if (station.usualMs === undefined) return html``;
    const from = scale.stations[i] ?? 0;
    const until = Math.min(
      TRACK.right,
      Math.max(from + 8, scale.xAt(station.from + station.usualMs)),
    );
    const overrun = station.until - station.from > station.usualMs * OVERRUN && from >= free;
    const words = `usual ${duration(station.usualMs)}`;
    if (overrun) free = from + estimateWidth(words, 11) + 12;
    const tick = overrun ? html`<path d="M${round(until)} ${y + 6}v12"/>` : html``;
    return html`<path class="dots" d="M${round(from)} ${y + 12}H${round(until)}"/>${tick}${
      overrun ? html`<text x="${round(from)}" y="${y + 28}">${words}</text>` : html``
    }`;
  })}</g>`;
}

function renderLabel({ station, at, x, top, stacked, when }: Label, y: number): Html {
  const foot = top + (stacked ? 50 : 34);
  const moved = Math.abs(x - at) > 4 || y - foot > 40;
  const left = round(x);
  const note = stacked
    ? html`<tspan class="note ${station.aspect}" x="${left}" dy="16">${station.note}</tspan>`
    : html`<tspan class="note ${station.aspect}" dx="8">${station.note}</tspan>`;
  return html`${
    moved
      ? html`<path class="lead" d="M${round(at)} ${y - 9}L${round(x + 5)} ${foot + 2}"/>`
      : html``
  }<text x="${left}" y="${top + 30}"><tspan class="when" x="${left}" dy="-16">${when}</tspan><tspan class="name" x="${left}" dy="16">${station.name}</tspan>${note}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
