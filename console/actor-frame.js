import { h } from './dom.js'

/** The fixed parts of one actor's page, empty; `actor.js` fills them. */
export function createActorFrame({ kind, key }) {
  const title = h('span', {}, `${kind}/${key}`)
  const state = h('span', { class: 'state' })
  const wait = h('p', { class: 'wait' }, 'Loading…')
  const facts = h('p', { class: 'small' })
  const controls = h('div', { class: 'controls', role: 'group', 'aria-label': 'Controls' })
  const chart = h(
    'div',
    { class: 'chart', tabindex: '0', role: 'region', 'aria-label': 'Statechart' },
    h('p', { class: 'empty' }, 'Drawing the statechart…'),
  )
  const pastText = h('span')
  const back = h('button', { type: 'button' }, 'Back to now')
  const past = h('p', { class: 'past', hidden: true }, pastText, back)
  const size = h('button', { type: 'button', 'aria-pressed': 'false' }, 'Actual size')
  size.addEventListener('click', () => {
    const actual = chart.toggleAttribute('data-actual')
    size.setAttribute('aria-pressed', String(actual))
  })
  const next = h('ul', { class: 'chips' })
  const nextEmpty = h('p', { class: 'empty', hidden: true }, 'No event moves it any more.')
  const states = h('ol', { class: 'states' })
  const history = h('tbody')
  const historyEmpty = h('p', { class: 'empty', hidden: true }, 'No transition yet.')
  const runs = h('tbody')
  const runsEmpty = h(
    'p',
    { class: 'empty', hidden: true },
    'No runs yet: the first event that triggers this agent starts one.',
  )
  const context = h('pre', { tabindex: '0' })
  const image = `/v1/actors/${encodeURIComponent(kind)}/${encodeURIComponent(key)}/diagram.svg`

  const runsBox = h(
    'section',
    { hidden: kind !== 'agent' },
    h('h3', {}, 'Runs'),
    table(['Run', 'Status', 'Event', 'Device', 'Started', 'Took'], runs),
    runsEmpty,
  )
  const element = h(
    'div',
    { class: 'actor' },
    h('p', { class: 'up' }, h('a', { href: '#/' }, '← All instances')),
    h('div', { class: 'head' }, h('h2', {}, title), state),
    wait,
    facts,
    controls,
    past,
    chart,
    h('p', { class: 'chart-tools' }, size, h('a', { href: image, target: '_blank', rel: 'noopener' }, 'Open as SVG')),
    h(
      'p',
      { class: 'legend small' },
      'Thick border and dot: current state. Thick arrow: the last transition. Outlined labels: possible now.',
    ),
    h('details', {}, h('summary', {}, 'The states as a list'), states),
    h('section', {}, h('h3', {}, 'Possible next events'), next, nextEmpty),
    h(
      'section',
      {},
      h('h3', {}, 'Last transitions'),
      table(['Rev.', 'Event', 'Change', 'Time', 'Cause'], history),
      historyEmpty,
    ),
    runsBox,
    h('details', {}, h('summary', {}, 'Context'), context),
  )
  return {
    element,
    title,
    state,
    wait,
    facts,
    controls,
    chart,
    past,
    pastText,
    back,
    next,
    nextEmpty,
    states,
    history,
    historyEmpty,
    runs,
    runsEmpty,
    runsBox,
    context,
  }
}

function table(headings, body) {
  const head = h(
    'thead',
    {},
    h(
      'tr',
      {},
      headings.map((heading) => h('th', { scope: 'col' }, heading)),
    ),
  )
  return h(
    'div',
    { class: 'table', tabindex: '0', role: 'region', 'aria-label': headings.join(', ') },
    h('table', {}, head, body),
  )
}
