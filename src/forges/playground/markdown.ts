import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { createHtmlFilter, escapeHtml, type HtmlFilter } from './markdown-html.ts';

type Root = ReturnType<typeof fromMarkdown>;
type Node = Root['children'][number];
type Of<T extends Node['type']> = Extract<Node, { type: T }>;

/** Comment Markdown as Gitea shows it, as safe HTML: hostile text stays text, the tags we use survive. */
export function renderMarkdown(text: string): string {
  const tree = fromMarkdown(text, {
    extensions: [gfm()],
    mdastExtensions: [gfmFromMarkdown()],
  });
  return renderChildren(tree.children);
}

/** HTML in Markdown comes in pieces; whatever a container opens it closes itself. */
function renderChildren(nodes: readonly Node[]): string {
  const filter = createHtmlFilter();
  return nodes.map((node) => renderNode(node, filter)).join('') + filter.close();
}

function renderNode(node: Node, filter: HtmlFilter): string {
  switch (node.type) {
    case 'html':
      return filter.pass(node.value);
    case 'text':
      return escapeHtml(node.value).replaceAll('\n', '<br>');
    case 'paragraph':
      return wrap('p', node.children);
    case 'heading':
      return wrap(`h${Math.min(node.depth + 2, 6)}`, node.children);
    case 'strong':
      return wrap('strong', node.children);
    case 'emphasis':
      return wrap('em', node.children);
    case 'delete':
      return wrap('del', node.children);
    case 'inlineCode':
      return `<code>${escapeHtml(node.value)}</code>`;
    case 'code':
      return `<pre><code>${escapeHtml(node.value)}\n</code></pre>`;
    case 'break':
      return '<br>';
    case 'thematicBreak':
      return '<hr>';
    case 'blockquote':
      return renderQuote(node);
    case 'list':
      return renderList(node);
    case 'table':
      return renderTable(node);
    case 'link':
      return renderLink(node.url, renderChildren(node.children));
    case 'image':
      // Nothing is fetched from elsewhere: a picture becomes a link to itself.
      return renderLink(node.url, escapeHtml(node.alt ?? 'picture'));
    case 'linkReference':
      return renderChildren(node.children);
    case 'imageReference':
      return escapeHtml(node.alt ?? '');
    case 'footnoteReference':
      return `<sup>${escapeHtml(node.identifier)}</sup>`;
    case 'footnoteDefinition':
      return renderChildren(node.children);
    case 'listItem':
    case 'tableRow':
    case 'tableCell':
      return ''; // rendered by their list and table
    case 'definition':
    case 'yaml':
      return '';
  }
}

function wrap(tag: string, children: readonly Node[]): string {
  return `<${tag}>${renderChildren(children)}</${tag}>`;
}

const SAFE_ADDRESS = /^(https?:\/\/|mailto:|\/(?!\/)|#)/i;

function renderLink(address: string, content: string): string {
  if (!SAFE_ADDRESS.test(address)) return content;
  return `<a href="${escapeHtml(address)}" rel="nofollow noopener">${content}</a>`;
}

const ALERT = /^\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\n?/;

function renderQuote(node: Of<'blockquote'>): string {
  const [first, ...rest] = node.children;
  const [lead, ...others] = first?.type === 'paragraph' ? first.children : [];
  const word = lead?.type === 'text' ? ALERT.exec(lead.value) : null;
  if (first?.type !== 'paragraph' || lead?.type !== 'text' || word === null)
    return wrap('blockquote', node.children);
  const text = { ...lead, value: lead.value.slice(word[0].length) };
  const paragraph = { ...first, children: [text, ...others] };
  const kind = (word[1] ?? '').toLowerCase();
  const title = kind.charAt(0).toUpperCase() + kind.slice(1);
  const body = renderChildren([paragraph, ...rest]);
  return `<blockquote class="alert ${kind}"><p class="alert-title">${title}</p>${body}</blockquote>`;
}

function renderList(node: Of<'list'>): string {
  const tag = node.ordered === true ? 'ol' : 'ul';
  const items = node.children.map((item) => {
    const isTight = node.spread !== true && item.spread !== true;
    const children = isTight
      ? item.children.flatMap((child): Node[] =>
          child.type === 'paragraph' ? child.children : [child],
        )
      : item.children;
    if (typeof item.checked !== 'boolean') return wrap('li', children);
    const state = item.checked ? ' checked' : '';
    const box = `<input type="checkbox" disabled${state}>`;
    return `<li class="task">${box}${renderChildren(children)}</li>`;
  });
  return `<${tag}>${items.join('')}</${tag}>`;
}

function renderTable(node: Of<'table'>): string {
  const rows = node.children.map((row, index) => {
    const tag = index === 0 ? 'th' : 'td';
    const cells = row.children.map((cell, column) => {
      const align = node.align?.[column];
      const attribute = align == null ? '' : ` align="${align}"`;
      return `<${tag}${attribute}>${renderChildren(cell.children)}</${tag}>`;
    });
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<table>${rows.join('')}</table>`;
}
