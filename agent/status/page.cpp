#include "status/page.h"

namespace status {

// Values reach the page through textContent alone: names of objects come from outside.
const std::string_view kPage = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ichor</title>
<style>
:root { color-scheme: light dark; --line: #8884; --soft: #888; --good: #2a8a4a; --bad: #c43c3c; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 90rem; padding: 1rem; }
header { display: flex; gap: 1rem; align-items: baseline; flex-wrap: wrap; }
h1 { font-size: 1.3rem; margin: 0; }
#state { font-weight: 600; }
.good { color: var(--good); } .bad { color: var(--bad); }
nav { display: flex; flex-wrap: wrap; gap: .3rem; margin: 1rem 0; }
nav a { border: 1px solid var(--line); border-radius: .4rem; padding: .1rem .5rem; text-decoration: none; color: inherit; }
nav a[aria-current] { border-color: currentColor; font-weight: 600; }
nav small { color: var(--soft); }
pre, td { font: 13px/1.5 ui-monospace, monospace; }
pre { white-space: pre-wrap; }
#scroll { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: .15rem .8rem .15rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 500; }
input { font: inherit; padding: .1rem .4rem; }
</style>
</head>
<body>
<header>
<h1>ichor</h1><span id="node"></span><span id="state"></span>
<input id="filter" type="search" placeholder="filter rows" hidden>
</header>
<nav id="tables"></nav>
<p id="description"></p>
<div id="scroll"></div>
<script>
const $ = id => document.getElementById(id);
let table = '', rows = [], described = {}, note = '';
const make = (tag, text) => { const e = document.createElement(tag); e.textContent = text; return e; };
const json = async path => {
  const answer = await fetch(path + '?format=json');
  note = answer.headers.get('Ichor-Note') || '';
  return answer.json();
};
const word = v => Array.isArray(v) ? v.join(', ') : v === true ? 'yes' : v === false ? 'no' : String(v);

async function head() {
  const s = await json('/status');
  $('node').textContent = s.node + ', version ' + s.version;
  $('state').textContent = s.ready ? 'READY' : 'NOT READY: ' + s.checks.filter(c => !c.ok).map(c => c.name).join(', ');
  $('state').className = s.ready ? 'good' : 'bad';
  const list = await json('/tables');
  $('tables').replaceChildren(...[{key: '', rows: ''}, ...list].map(t => {
    const a = make('a', t.key || 'status');
    described[t.key] = t.description || '';
    a.href = '#' + t.key;
    if (t.key === table) a.setAttribute('aria-current', 'page');
    if (t.key) a.append(' ', make('small', t.rows ?? ''));
    return a;
  }));
}

function draw() {
  const wanted = $('filter').value.toLowerCase();
  const shown = rows.filter(r => Object.values(r).some(v => word(v).toLowerCase().includes(wanted)));
  const columns = [...new Set(rows.flatMap(Object.keys))];
  const grid = document.createElement('table');
  const top = grid.insertRow();
  columns.forEach(c => top.append(make('th', c.replaceAll('_', ' '))));
  shown.forEach(r => { const line = grid.insertRow(); columns.forEach(c => line.append(make('td', c in r ? word(r[c]) : ''))); });
  $('scroll').replaceChildren(shown.length ? grid : make('p', 'no rows'));
}

async function body() {
  $('filter').hidden = !table;
  $('description').textContent = described[table] || '';
  if (table) { rows = await json('/tables/' + table); $('description').append(note ? ' ' + note + '.' : ''); draw(); }
  else $('scroll').replaceChildren(make('pre', await (await fetch('/status?format=text')).text()));
}

async function refresh() {
  try { await head(); await body(); }
  catch (e) { $('state').textContent = 'no answer from the agent'; $('state').className = 'bad'; }
}
const turn = () => { table = decodeURIComponent(location.hash.slice(1)); refresh(); };
$('filter').oninput = draw;
window.onhashchange = turn;
setInterval(refresh, 3000);
turn();
</script>
</body>
</html>
)html";

}  // namespace status
