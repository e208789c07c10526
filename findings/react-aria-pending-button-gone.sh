#!/bin/sh
# React Aria Components: a pending button that leaves the page is still announced by its name, by a node that then has none.
#
# Good guess: `<Button isPending>` says that it waits as long as it waits; when what it began is done and the button gives
# way to a result, nothing of it is left in the page.
# What happens: what is announced is not the text but a node `role="img" aria-labelledby="{the button's id}"` in a live
# region at the end of the document. It stays for seven seconds whatever becomes of the button, and an image whose label
# is not there has no name: a check of accessibility right after a write finds one violation, and none seven seconds later.
# What we do: a button clears the assertive announcements when it stops waiting, or leaves (K3).
#
# Seen on 2026-11-30, with Node 20:
#   react-aria-components 1.22.1
#   while it waits: the announcer has an img labelled by the button
#   the button has gone: the announcer has an img labelled by nothing that is there
#   axe: role-img-alt
#   8 seconds later: the announcer has nothing
#   axe: no violation
set -eu

packages="react-aria-components@1.22.1 react@19.3.1 react-dom@19.3.1 jsdom@26.1.0 global-jsdom@26.0.0 axe-core@4.14.1"

script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts $packages
cat >pending.cjs <<'JAVASCRIPT'
require('global-jsdom')('<!doctype html><html lang="en"><title>A page</title><main></main></html>', {
  pretendToBeVisual: true,
  url: 'http://localhost',
});
globalThis.IS_REACT_ACT_ENVIRONMENT = true;
globalThis.CSS = { escape: (text) => text }; // which jsdom lacks; there is nothing to escape here

const axe = require('axe-core');
const { act, createElement } = require('react');
const { createRoot } = require('react-dom/client');
const { Button } = require('react-aria-components');

const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

function announced() {
  const found = document.querySelector('[data-live-announcer] [role=img]');
  if (found === null) return 'nothing';
  const label = document.getElementById(found.getAttribute('aria-labelledby').split(' ')[0]);
  return `an img labelled by ${label === null ? 'nothing that is there' : `the ${label.localName}`}`;
}

function tell(when) {
  console.log(`${when}: the announcer has ${announced()}`);
}

async function violations() {
  const { violations: found } = await axe.run(document, { runOnly: ['role-img-alt'] });
  console.log(`axe: ${found.map((each) => each.id).join(', ') || 'no violation'}`);
}

async function main() {
  console.log(`react-aria-components ${require('react-aria-components/package.json').version}`);
  const root = createRoot(document.querySelector('main'));
  const button = (isPending) => createElement(Button, { isPending, autoFocus: true }, 'Ship');
  await act(() => root.render(button(false)));
  document.querySelector('button').focus();
  await act(() => root.render(button(true)));
  await wait(0.5);
  tell('while it waits');
  await act(() => root.render(createElement('p', null, 'It was shipped')));
  tell('the button has gone');
  await violations();
  await wait(8);
  tell('8 seconds later');
  await violations();
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
JAVASCRIPT
node pending.cjs >seen
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
