// Keeps what people said and the state of the commit fresh. Drafts in the form stay as they are.
const page = location.pathname;
let waiting = false;
async function refresh() {
  if (waiting) return;
  waiting = true;
  await new Promise((resolve) => setTimeout(resolve, 150));
  waiting = false;
  const answer = await fetch(page);
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  for (const id of ['facts', 'said', 'behind']) {
    const old = document.getElementById(id);
    const now = fresh.getElementById(id);
    if (!old || !now || old.innerHTML === now.innerHTML) continue;
    const open = new Set(
      [...old.querySelectorAll('details[open] > summary')].map((one) => one.textContent),
    );
    for (const one of now.querySelectorAll('details > summary'))
      if (open.has(one.textContent)) one.parentElement.open = true;
    old.replaceWith(now);
  }
}
const events = new EventSource(`${page}/live`);
events.onmessage = refresh;
events.onopen = refresh;
