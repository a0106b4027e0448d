// The list of cases: filtered, searched and linked to. Everything else on the page stands there without this script.
// Text comes into the page as text alone; the policy of the page refuses markup made of strings.
'use strict';
(() => {
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($('data').textContent);
  const WORDS = {
    fail: ['✗', 'failed'], error: ['?', 'error'], inconclusive: ['¿', 'inconclusive'], unexpected: ['!', 'unexpected pass'],
    old: ['=', 'also in the baseline'],
    known: ['~', 'known failure'], flaky: ['↻', 'flaky'],
    skip: ['–', 'skipped'], unsupported: ['∅', 'unsupported'], pass: ['✓', 'passed'],
  };
  const PROFILES = ['core', 'extended', 'fixtures'];
  const CUT = {
    exchanges: 'The page leaves these exchanges out, to stay small; the record has them.',
    places: 'The page holds no more of this case, to stay small; the record has all of it.',
  };
  const CHUNK = 100;

  const cases = data.rows.map(([name, status, operation, profile, file, line, ms, requests, detail], index) => ({
    index, name, profile: PROFILES[profile], ms, requests, detail,
    status: data.statuses[status],
    api: data.apis[data.operations[operation][0]],
    operation: data.operations[operation][1],
    at: `${data.files[file]}:${line}`,
  }));
  for (const { detail } of cases) {
    for (const violation of [...(detail?.violations ?? []), ...(detail?.warnings ?? [])]) {
      violation.clauses = violation.clauses.map((place) => data.ids[place]);
    }
  }
  const byName = new Map(cases.map((it) => [it.name, it]));
  const broken = (it) => [...(it.detail?.violations ?? []), ...(it.detail?.warnings ?? [])];
  const clausesOf = (it) => broken(it).flatMap((violation) => violation.clauses);
  /** Claims that name no clause go by the name `claims`. */
  const breaks = (it, clause) => broken(it).some((violation) =>
    (violation.clauses.length ? violation.clauses.includes(clause) : clause === 'claims'));
  /** What a search looks through, made when it is first needed. */
  const haystack = (it) => {
    if (it.haystack === undefined) {
      const { why = '', known = [], follows = [] } = it.detail ?? {};
      it.haystack = [it.name, ...clausesOf(it), why, ...follows, ...known.flat()].join('\n').toLowerCase();
    }
    return it.haystack;
  };

  /** An element with these children; strings become text. */
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children.filter((child) => child !== null));
    return element;
  };
  const number = (value) => value.toLocaleString('en');
  const counted = (value, what) => `${number(value)} ${what}${value === 1 ? '' : 's'}`;
  const time = (ms) => (ms < 10000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`);
  const caseLink = (name) => `#${new URLSearchParams({ ...filterParameters(), case: name })}`;

  // What is asked for. It stands in the address, so that a link to it can be sent and survives a reload.

  const state = { text: '', status: new Set(), api: '', operation: '', profile: '', breaks: '' };
  let matching = cases;
  let listed = 0;
  let current = null;
  let returnTo = null;

  function filterParameters() {
    const parameters = {};
    if (state.status.size) parameters.status = [...state.status].join(',');
    for (const key of ['api', 'operation', 'profile', 'breaks']) if (state[key]) parameters[key] = state[key];
    if (state.text) parameters.text = state.text;
    return parameters;
  }

  const write = (extra = {}) => {
    const parameters = new URLSearchParams({ ...filterParameters(), ...extra }).toString();
    const hash = parameters ? `#${parameters}` : '#cases';
    if (location.hash !== hash) history.replaceState(null, '', hash);
  };

  /** Takes what the address says. Anchors of the page (`#coverage`) leave the filters as they are. */
  const read = () => {
    const hash = location.hash.slice(1);
    if (!hash.includes('=')) {
      if (current) show(null);
      return;
    }
    const asked = new URLSearchParams(hash);
    const clause = asked.get('clause');
    if (clause !== null) return seek(clause);
    const before = JSON.stringify(filterParameters());
    state.text = asked.get('text') ?? '';
    state.status = new Set((asked.get('status') ?? '').split(',').filter((it) => it in WORDS));
    for (const key of ['api', 'operation', 'profile', 'breaks']) state[key] = asked.get(key) ?? '';
    display();
    if (JSON.stringify(filterParameters()) !== before) filter();
    const name = asked.get('case');
    if (name === null) {
      show(null);
      $('cases').scrollIntoView();
    } else if (byName.has(name)) {
      show(byName.get(name));
    } else {
      show(null);
      $('shown').textContent = `No case of this run is called ${name}.`;
      $('cases').scrollIntoView();
    }
  };

  /** Shows the section about a clause; a clause that nothing breaks is said to be so. */
  const seek = (clause) => {
    show(null);
    document.querySelectorAll('.sought').forEach((it) => it.classList.remove('sought'));
    const article = [...document.querySelectorAll('[data-clause]')].find((it) => it.dataset.clause === clause);
    if (!article) {
      state.breaks = clause;
      display();
      filter();
      $('cases').scrollIntoView();
      return;
    }
    article.classList.add('sought');
    article.setAttribute('tabindex', '-1');
    article.focus({ preventScroll: true });
    article.scrollIntoView();
  };

  /** The controls as the state is. */
  const display = () => {
    $('text').value = state.text;
    for (const box of document.querySelectorAll('#statuses input')) box.checked = state.status.has(box.value);
    for (const key of ['api', 'profile']) $(key).value = state[key];
    operations();
    $('operation').value = state.operation;
    $('breaking').hidden = !state.breaks;
    $('clause').textContent = `${state.breaks} ×`;
    $('clause').setAttribute('aria-label', `Breaks ${state.breaks}: remove this filter`);
  };

  const filter = () => {
    const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
    const { status, api, operation, profile } = state;
    matching = cases.filter((it) =>
      (!status.size || status.has(it.status))
      && (!api || it.api === api)
      && (!operation || it.operation === operation)
      && (!profile || it.profile === profile)
      && (!state.breaks || breaks(it, state.breaks))
      && words.every((word) => haystack(it).includes(word)));
    $('list').replaceChildren();
    listed = 0;
    more();
    $('shown').textContent = matching.length === cases.length
      ? `All ${counted(cases.length, 'case')}, shared fixtures included`
      : `${number(matching.length)} of ${counted(cases.length, 'case')}`;
  };

  // The list grows as it is scrolled, a chunk at a time; what is out of sight costs the browser nothing.

  const more = () => {
    const chunk = matching.slice(listed, listed + CHUNK);
    if (chunk.length) $('list').append(make('li', { class: 'chunk' }, make('ol', {}, ...chunk.map(row))));
    listed += chunk.length;
    const left = matching.length - listed;
    $('more').hidden = left === 0;
    $('more').textContent = `Show ${number(Math.min(left, CHUNK))} more of ${number(left)}`;
  };

  const statusOf = (it) => {
    const [mark, word] = WORDS[it.status];
    return make('span', { class: `status ${it.status}` },
      make('span', { class: 'glyph', 'aria-hidden': 'true' }, mark), word);
  };

  const row = (it) => {
    const clauses = [...new Set(clausesOf(it))];
    const why = clauses.length ? clauses.join(', ') : it.detail?.why;
    return make('li', { class: 'row' },
      statusOf(it),
      make('a', { class: 'name', href: caseLink(it.name) }, it.name),
      make('span', { class: 'ms' }, it.requests ? time(it.ms) : ''),
      why ? make('span', { class: 'why' }, why) : null);
  };

  // One case.

  const show = (it) => {
    const dialog = $('case');
    current = it;
    if (!it) {
      if (dialog.open) dialog.close();
      return;
    }
    $('case-title').textContent = it.name;
    $('case-body').replaceChildren(...told(it));
    const place = matching.indexOf(it);
    $('previous').disabled = place <= 0;
    $('next').disabled = place < 0 || place === matching.length - 1;
    if (!dialog.open) {
      returnTo = document.activeElement;
      dialog.showModal();
    }
    dialog.scrollTop = 0;
    $('case-title').focus();
  };

  const told = (it) => {
    const detail = it.detail ?? {};
    const about = make('p', { class: 'note' }, statusOf(it),
      ` · ${it.api} ${it.operation} · ${it.profile} · ${counted(it.requests, 'request')}`
      + `${it.requests ? ` in ${time(it.ms)}` : ''} · ${it.at}`);
    const parts = [about];
    if (detail.why) parts.push(make('p', { class: 'statement' }, detail.why));
    for (const [what, reason, ticket, until] of detail.known ?? []) {
      parts.push(make('p', {}, `Known: ${reason} (${what}; ${ticket}, until ${until})`));
    }
    for (const why of detail.repeated ?? []) parts.push(make('p', { class: 'note' }, `Sent once more: ${why}`));
    const shown = new Set();
    for (const violation of [...(detail.violations ?? []), ...(detail.warnings ?? [])]) {
      parts.push(...statement(violation));
      if (violation.at === undefined) continue;
      parts.push(way(violation, shown.has(violation.exchange) ? null : detail.exchanges?.[violation.exchange]));
      shown.add(violation.exchange);
    }
    for (const consequence of detail.follows ?? []) parts.push(make('p', { class: 'note' }, consequence));
    for (const [index, exchange] of Object.entries(detail.exchanges ?? {})) {
      if (!shown.has(Number(index))) parts.push(evidence(exchange));
    }
    if (detail.cut) parts.push(make('p', { class: 'note' }, CUT[detail.cut]));
    if (['pass', 'flaky'].includes(it.status) && !broken(it).length) {
      parts.push(make('p', { class: 'statement' }, 'Every claim held.'));
    }
    return parts;
  };

  const statement = (violation) => {
    const known = violation.known ? ' (known)' : violation.old ? ' (also in the baseline)' : '';
    const without = violation.rule === 'snapshot' ? 'The approved answer of this target is another' : 'A claim of the case that names no clause';
    if (!violation.clauses.length) return [make('h3', {}, `${without}${known}`)];
    return violation.clauses.flatMap((id) => {
      const [strength, text, document, section] = data.clauses[id] ?? [];
      return [
        make('h3', {}, strength ? make('span', { class: 'strength' }, strength) : null,
          make('a', { class: 'id', href: `#${new URLSearchParams({ clause: id })}` }, id), known),
        text ? make('p', { class: 'statement' }, text) : null,
        text ? make('p', { class: 'source' }, `${document}, ${section}`) : null,
      ].filter(Boolean);
    });
  };

  const way = (violation, exchange) => {
    const { at, expected, actual, diff, left_out: leftOut, claim } = violation;
    const compared = diff
      ? make('pre', { class: 'diff' }, make('span', { class: 'key' }, '- expected   + actual'),
        ...diff.map(([sign, line]) =>
          make(sign === '-' ? 'del' : sign === '+' ? 'ins' : 'span', {}, `${sign} ${line}`)),
        leftOut ? make('span', { class: 'key' }, `... ${leftOut} more lines`) : null)
      : make('dl', { class: 'compared' },
        make('div', {}, make('dt', {}, 'expected'), make('dd', {}, expected)),
        make('div', {}, make('dt', {}, 'actual'), make('dd', {}, actual)));
    return make('div', { class: 'way' }, make('h4', {}, at), compared,
      make('p', { class: 'claim' }, `Claimed by ${claim}`), exchange ? evidence(exchange) : null);
  };

  const evidence = ({ position, ms, request, response, curl }) => {
    const half = (title, lines) =>
      make('figure', {}, make('figcaption', {}, title), make('pre', {}, lines.join('\n')));
    const details = make('details', { class: 'exchange', open: '' },
      make('summary', {}, `The exchange: ${position}, ${ms} ms`),
      make('div', { class: 'halves' }, half('Request', request), half('Response', response)));
    if (curl.command) {
      details.append(make('figure', { class: 'curl' },
        make('figcaption', {}, 'Repeat it ', make('button', { type: 'button', class: 'copy' }, 'Copy')),
        make('pre', {}, curl.command),
        ...curl.notes.map((note) => make('p', { class: 'note' }, note))));
    }
    return details;
  };

  const copy = async (button) => {
    const text = button.closest('figure').querySelector('pre');
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(text);
      button.textContent = 'Selected: copy it by hand';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 2500);
  };

  // Controls.

  const options = (select, all, names) =>
    select.replaceChildren(make('option', { value: '' }, all), ...names.map((it) => make('option', { value: it }, it)));

  const operations = () => {
    const mine = data.operations.filter(([api]) => !state.api || data.apis[api] === state.api).map(([, name]) => name);
    if (state.operation && !mine.includes(state.operation)) state.operation = '';
    options($('operation'), 'all', [...new Set(mine)].sort());
  };

  const counts = new Map();
  for (const it of cases) counts.set(it.status, (counts.get(it.status) ?? 0) + 1);
  for (const [name, [mark, word]] of Object.entries(WORDS)) {
    if (!counts.has(name)) continue;
    $('statuses').append(make('label', { class: `chip ${name}` }, make('input', { type: 'checkbox', value: name }),
      make('span', { 'aria-hidden': 'true' }, mark), `${word} ${number(counts.get(name))}`));
  }
  options($('api'), 'all', [...data.apis].sort());
  options($('profile'), 'all', PROFILES.filter((it) => cases.some((one) => one.profile === it)));
  $('filters').hidden = false;

  let wanted = 0;
  const changed = () => {
    cancelAnimationFrame(wanted);
    wanted = requestAnimationFrame(() => {
      state.text = $('text').value;
      state.status = new Set([...document.querySelectorAll('#statuses input:checked')].map((it) => it.value));
      state.api = $('api').value;
      state.operation = $('operation').value;
      state.profile = $('profile').value;
      operations();
      $('operation').value = state.operation;
      filter();
      write();
    });
  };
  $('filters').addEventListener('input', changed);
  $('filters').addEventListener('submit', (event) => event.preventDefault());
  $('filters').addEventListener('reset', (event) => {
    event.preventDefault();
    Object.assign(state, { text: '', status: new Set(), api: '', operation: '', profile: '', breaks: '' });
    display();
    filter();
    write();
  });
  $('clause').addEventListener('click', () => {
    state.breaks = '';
    display();
    filter();
    write();
    $('text').focus();
  });
  $('more').addEventListener('click', () => {
    const first = listed;
    more();
    $('list').querySelectorAll('.row .name')[first]?.focus();
  });
  new IntersectionObserver((seen) => {
    if (seen.some((it) => it.isIntersecting) && listed > 0 && !$('more').hidden) more();
  }, { rootMargin: '1200px' }).observe($('more'));

  const step = (by) => {
    const next = matching[matching.indexOf(current) + by];
    if (!next) return;
    write({ case: next.name });
    show(next);
  };
  $('previous').addEventListener('click', () => step(-1));
  $('next').addEventListener('click', () => step(1));
  $('close').addEventListener('click', () => $('case').close());
  $('case').addEventListener('click', (event) => { if (event.target === $('case')) $('case').close(); });
  $('case').addEventListener('close', () => {
    const name = current?.name;
    if (current) write();
    current = null;
    const link = [...document.querySelectorAll('#list .name')].find((it) => it.textContent === name);
    (link ?? returnTo)?.focus();
  });

  document.addEventListener('click', (event) => {
    if (event.target.matches('button.copy')) copy(event.target);
  });
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input, select')) return;
    if (event.key === '/' && !$('case').open) {
      event.preventDefault();
      $('text').focus();
    } else if ($('case').open && (event.key === 'ArrowLeft' || event.key === 'ArrowRight')) {
      step(event.key === 'ArrowLeft' ? -1 : 1);
    }
  });
  document.querySelectorAll('button.copy').forEach((button) => { button.hidden = false; });

  // Paper has no folds.

  let folded = [];
  addEventListener('beforeprint', () => {
    folded = [...document.querySelectorAll('main details:not([open], .long)')];
    folded.forEach((it) => { it.open = true; });
  });
  addEventListener('afterprint', () => folded.forEach((it) => { it.open = false; }));

  // Colours: as the system has them, unless somebody says otherwise.

  const THEMES = { '': 'as the system', light: 'light', dark: 'dark' };
  const stored = () => { try { return localStorage.getItem('proofmark-theme') ?? ''; } catch { return ''; } };
  const theme = (name) => {
    if (name) document.documentElement.dataset.theme = name;
    else delete document.documentElement.dataset.theme;
    $('theme').textContent = `Colours: ${THEMES[name]}`;
    try { localStorage.setItem('proofmark-theme', name); } catch { /* Not every browser keeps anything for a file. */ }
  };
  theme(stored() in THEMES ? stored() : '');
  $('theme').hidden = false;
  $('theme').addEventListener('click', () => {
    const names = Object.keys(THEMES);
    const now = document.documentElement.dataset.theme ?? '';
    theme(names[(names.indexOf(now) + 1) % names.length]);
  });

  addEventListener('hashchange', read);
  display();
  filter();
  read();
  performance.mark('ready');
  document.documentElement.dataset.ready = '';
})();
