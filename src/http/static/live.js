// Keeps an open run page up to date. Everything works without it; it only saves the reload.
(() => {
  const get = (id) => document.getElementById(id);
  const page = get('sb-run');
  const box = get('sb-lines');
  if (!page || !box) return;
  const CHUNK = 500;
  const MAX_CHUNKS = 10;
  const log = get('sb-log');
  const newer = get('sb-newer');
  const follow = get('sb-follow');
  const keys = get('sb-keys');
  const none = box.querySelector('.none');
  const live = log.dataset.live === 'yes';
  let waiting = [];
  let unseen = 0;
  let following = false;
  let due = false;

  const make = (name, text, attributes = {}) => {
    const element = document.createElement(name);
    element.textContent = text;
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const atBottom = () => box.scrollHeight - box.scrollTop - box.clientHeight < 24;
  const toBottom = () => {
    box.scrollTop = box.scrollHeight;
  };
  const setFollowing = (on) => {
    following = on;
    follow.checked = on;
    if (!on) return;
    unseen = 0;
    newer.hidden = true;
    toBottom();
  };

  // Lines: text only ever becomes text.
  let lastStage = [...box.querySelectorAll('li.stage')].at(-1)?.textContent;
  let lastLine = Number(box.querySelector('ol:last-of-type > li:last-child')?.id.slice(1) || 0);
  const addLine = (line) => {
    if (line.n <= lastLine) return;
    lastLine = line.n;
    let list = box.querySelector('ol:last-of-type');
    if (list.childElementCount >= CHUNK) {
      list.after(document.createElement('ol'));
      list = list.nextElementSibling;
    }
    if (line.stage !== lastStage) {
      const head = make('li', '', { class: 'stage' });
      if (!get(line.anchor)) head.id = line.anchor;
      head.append(make('bdi', line.stage));
      list.append(head);
      lastStage = line.stage;
    }
    const item = make('li', '', { id: `L${line.n}` });
    if (line.error) item.className = 'err';
    item.append(
      make('a', String(line.n), { href: `#L${line.n}` }),
      make('time', line.time, { datetime: line.iso }),
      make('span', line.text),
    );
    list.append(item);
  };
  const countErrors = () => {
    const errors = box.querySelectorAll('li.err');
    const count = get('sb-errors');
    if (String(errors.length) === count.dataset.count) return;
    count.dataset.count = errors.length;
    const words = errors.length === 1 ? '1 error' : `${errors.length} errors`;
    count.replaceChildren(make('a', words, { href: `#${errors[0].id}` }));
    showButtons();
  };
  const flush = () => {
    due = false;
    const lines = waiting;
    waiting = [];
    none.hidden = true;
    for (const line of lines) addLine(line);
    countErrors();
    if (following) {
      // Only when nobody reads them are old lines let go; "load lines" finds them again after a reload.
      const lists = box.querySelectorAll('ol');
      for (let i = 0; i < lists.length - MAX_CHUNKS; i += 1) lists[i].remove();
      return toBottom();
    }
    unseen += lines.length;
    newer.textContent = `↓ ${unseen} new ${unseen === 1 ? 'line' : 'lines'}`;
    newer.hidden = false;
  };

  // Parts: HTML that the server has escaped, put in place of the old; focus and open folds stay.
  const patch = ({ id, html }) => {
    const part = get(id);
    if (!part || (id === 'sb-say' && part.innerHTML === html)) return;
    const focusable = () => [...part.querySelectorAll('a, button, summary, [tabindex]')];
    const focused = focusable().indexOf(document.activeElement);
    const open = [...part.querySelectorAll('details')].map((fold) => fold.open);
    part.innerHTML = html;
    part.querySelectorAll('details').forEach((fold, i) => {
      fold.open = open[i] ?? false;
    });
    if (focused >= 0) focusable()[focused]?.focus({ preventScroll: true });
    const title = part.querySelector('[data-title]');
    if (title) document.title = title.dataset.title;
  };

  // Errors: from the one that is marked, else from the first visible line.
  const showButtons = () => {
    const any = box.querySelector('li.err') !== null;
    for (const button of log.querySelectorAll('[data-act]')) button.hidden = !any;
  };
  let current;
  const step = (by) => {
    const errors = [...box.querySelectorAll('li.err')];
    if (errors.length === 0) return;
    const from = errors.indexOf(current);
    const next =
      from < 0 ? (by > 0 ? 0 : errors.length - 1) : (from + by + errors.length) % errors.length;
    setFollowing(false);
    current?.classList.remove('here');
    current = errors[next];
    current.classList.add('here');
    current.scrollIntoView({ block: 'nearest' });
    box.scrollTop = current.offsetTop - box.offsetTop - box.clientHeight / 3;
  };
  log.addEventListener('click', (event) => {
    const act = event.target.closest('[data-act]')?.dataset.act;
    if (act) step(act === 'next' ? 1 : -1);
  });
  newer.addEventListener('click', () => {
    setFollowing(true);
    box.focus({ preventScroll: true });
  });
  follow.addEventListener('change', () => setFollowing(follow.checked));
  let lastTop = box.scrollTop;
  box.addEventListener('scroll', () => {
    const up = box.scrollTop < lastTop;
    lastTop = box.scrollTop;
    if (!live) return;
    if (atBottom()) {
      if (!following) setFollowing(true);
    } else if (up) {
      following = false;
      follow.checked = false;
    }
  });

  // Single keys can be switched off, and never act while something is typed.
  keys.checked = localStorage.getItem('sb-keys') !== 'off';
  keys.addEventListener('change', () =>
    localStorage.setItem('sb-keys', keys.checked ? 'on' : 'off'),
  );
  document.addEventListener('keydown', (event) => {
    const typing = event.target.closest('input:not([type=checkbox]), select, textarea');
    if (!keys.checked || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'f' && live) setFollowing(!following);
    if (event.key === 'e') step(1);
    if (event.key === 'E') step(-1);
  });

  keys.closest('label').hidden = false;
  showButtons();
  if (live) {
    follow.closest('label').hidden = false;
    if (!location.hash) setFollowing(true);
  } else if (!location.hash) {
    const first = box.querySelector('li.err');
    if (first) box.scrollTop = first.offsetTop - box.offsetTop - box.clientHeight / 3;
  }
  if (!page.dataset.events) return;
  const events = new EventSource(page.dataset.events);
  events.addEventListener('patch', (event) => patch(JSON.parse(event.data)));
  events.addEventListener('log', (event) => {
    if (!live) return;
    waiting.push(JSON.parse(event.data));
    if (!due) setTimeout(flush, 50);
    due = true;
  });
  events.addEventListener('bye', () => events.close());
})();
