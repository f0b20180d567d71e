import { activePaths } from './words.js'

/**
 * A statechart drawn by the server, in the page. Only attributes change while its actor lives: `data-active` on states,
 * `data-fired` and `data-possible` on transitions.
 */
export function createChart(svgText) {
  // A <style> element would be refused by the page's content security policy; a constructed sheet is not inline.
  const css = /<style>([\s\S]*?)<\/style>/.exec(svgText)
  const parsed = new DOMParser().parseFromString(svgText.replace(css?.[0] ?? '', ''), 'image/svg+xml')
  if (parsed.querySelector('parsererror')) throw new Error('The server sent a statechart that is no SVG')
  if (css) adopt(css[1])
  const svg = document.importNode(parsed.documentElement, true)
  const states = [...svg.querySelectorAll('[data-state]')]
  const edges = [...svg.querySelectorAll('[data-edge]')]

  return {
    element: svg,
    /** Paths of all states, in document order; the machine itself left out. */
    paths: states.map((state) => state.dataset.state).filter((path) => path !== ''),

    /** `nextEvents`: null where nothing is possible any more, as in the past. `last`: the history entry whose transition is shown as just taken; null for none. */
    light({ active, nextEvents, last }) {
      const current = new Set(active)
      for (const state of states) {
        const on = state.dataset.state !== '' && current.has(state.dataset.state)
        state.toggleAttribute('data-active', on)
        if (on) state.setAttribute('aria-current', 'true')
        else state.removeAttribute('aria-current')
      }
      const fired = new Set(last ? findFired(edges, last) : [])
      const possible = new Set(nextEvents === null ? [] : findPossible(edges, current, nextEvents))
      for (const edge of edges) {
        edge.toggleAttribute('data-fired', fired.has(edge.dataset.edge))
        edge.toggleAttribute('data-possible', possible.has(edge.dataset.edge))
      }
      const names = states.filter((state) => state.hasAttribute('data-active')).map((state) => state.dataset.state)
      const description = svg.querySelector('desc')
      if (description) description.textContent = `Current state: ${names.join(', ')}.`
    },

    /** Scrolls a chart that is larger than its frame to the innermost current state; the page itself stays where it is. */
    reveal() {
      const frame = svg.parentElement
      const state = states.findLast((candidate) => candidate.hasAttribute('data-active'))
      if (!frame || !state) return
      const [outer, inner] = [frame.getBoundingClientRect(), state.getBoundingClientRect()]
      const inside =
        inner.top >= outer.top && inner.bottom <= outer.bottom && inner.left >= outer.left && inner.right <= outer.right
      if (inside) return
      frame.scrollTop += inner.top + inner.height / 2 - (outer.top + outer.height / 2)
      frame.scrollLeft += inner.left + inner.width / 2 - (outer.left + outer.width / 2)
    },
  }
}

const adopted = new Set()

function adopt(css) {
  if (adopted.has(css)) return
  adopted.add(css)
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(css)
  document.adoptedStyleSheets.push(sheet)
}

/**
 * The edges that a history entry may have gone along. Where the entry does not tell two apart (the same event between
 * the same states under different guards), both are answered rather than one picked.
 */
function findFired(edges, { event, from, to }) {
  const [before, after] = [activePaths(from), activePaths(to)]
  const candidates = edges
    .filter((edge) => edge.dataset.event !== undefined && matches(edge.dataset.event, event?.type ?? ''))
    .filter((edge) => edge.dataset.source === '' || before.has(edge.dataset.source))
    .map((edge) => ({ id: edge.dataset.edge, score: score(edge, before, after) }))
  const best = Math.max(...candidates.map((candidate) => candidate.score))
  const taken = candidates.filter((candidate) => candidate.score === best).map((candidate) => candidate.id)
  return best < REACHED
    ? [...taken, ...edges.filter((edge) => ledOn(edge, before, after)).map(({ dataset }) => dataset.edge)]
    : taken
}

/** The event itself led nowhere, but what it changed let a transition without an event be taken in the same step. */
function ledOn({ dataset: { event, source, targets } }, before, after) {
  const left = source !== '' && before.has(source) && !after.has(source)
  return event === '' && left && targets !== '' && targets.split(' ').every((path) => after.has(path))
}

const REACHED = 1000

/** An exact event beats a wildcard, a reached target beats all else, and the deepest source answers first. */
function score(edge, before, after) {
  const { event, source, targets } = edge.dataset
  const wanted = targets === '' ? [] : targets.split(' ')
  const unchanged = before.size === after.size && [...before].every((path) => after.has(path))
  const reached = wanted.length === 0 ? unchanged : wanted.every((path) => after.has(path))
  const depth = source === '' ? 0 : source.split('.').length
  return (reached ? REACHED : 0) + (event.endsWith('*') ? 0 : 100) + depth
}

function findPossible(edges, current, nextEvents) {
  return edges
    .filter(({ dataset: { event, source } }) => {
      if (event === undefined || (source !== '' && !current.has(source))) return false
      // The runtime's own events come without anybody sending them, so nobody lists them.
      return event === '' || event.startsWith('xstate.') || nextEvents.some((type) => matches(event, type))
    })
    .map((edge) => edge.dataset.edge)
}

function matches(pattern, type) {
  if (pattern === '*') return !type.startsWith('xstate.')
  return pattern.endsWith('.*') ? `${type}.`.startsWith(pattern.slice(0, -1)) : pattern === type
}
