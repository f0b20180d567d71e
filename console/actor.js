import { createActorFrame } from './actor-frame.js'
import { getJson, getText, pathOf } from './api.js'
import { createChart } from './chart.js'
import { createControls } from './controls.js'
import { coalesce, h, set, setText, syncChildren } from './dom.js'
import { hashOf } from './overview.js'
import { createRunPart } from './run.js'
import { activePaths, ago, clockTime, duration, eventName, stateName } from './words.js'

const HISTORY = 60

/** One actor: its statechart lit live, what it waits for, its controls, last transitions and runs. */
export function createActorView(root, { onError, announce, startLike }) {
  let address
  let frame
  let controls
  /** What is shown of a run beside what every actor has. */
  let runPart
  let chart
  let chartOf
  let actor
  let history = []
  /** Revision that the chart shows instead of the present; null: the present. */
  let viewed = null
  /** Revision whose state was scrolled to, so that a person's own scrolling is left alone until it changes. */
  let revealed = null

  const load = async () => {
    if (!address) return
    const asked = address
    const { kind, key } = asked
    const [nextActor, entries, runs, run] = await Promise.all([
      getJson(pathOf('actors', kind, key)),
      getJson(`${pathOf('actors', kind, key, 'history')}?order=desc&limit=${HISTORY}`),
      kind === 'agent' ? getJson(`/v1/runs?${new URLSearchParams({ instance: key, limit: '30' })}`) : { items: [] },
      runPart?.load(),
    ])
    // The person went elsewhere meanwhile.
    if (asked !== address) return
    say(actor, nextActor, entries.items[0])
    actor = nextActor
    history = entries.items
    draw(runs.items)
    if (run) runPart.draw(run)
    void loadChart(asked).catch((error) => {
      if (asked !== address) return
      chartOf = undefined
      onError(error)
    })
  }

  /** Beside the rest: a machine's first layout takes the server a moment, and the words need not wait for it. */
  const loadChart = async (asked) => {
    const { hash } = actor.machine
    if (hash === chartOf) return
    chartOf = hash
    const svg = await getText(pathOf('actors', asked.kind, asked.key, 'diagram.svg'))
    if (asked !== address || chartOf !== hash) return
    chart = createChart(svg)
    frame.chart.replaceChildren(chart.element)
    revealed = null
    drawChart()
  }

  const say = (before, now, last) => {
    if (!before || before.revision === now.revision) return
    announce(`${address.key}: ${stateName(now.value)}${last ? `, on ${eventName(last.event?.type)}` : ''}`)
  }

  const draw = (runs) => {
    setText(frame.title, actor.address)
    setText(frame.state, stateName(actor.value))
    set(frame.state, { 'data-state-name': stateName(actor.value) })
    const over = actor.status !== 'active' ? `It is ${actor.status}.` : ''
    setText(frame.wait, actor.waitingFor ? `Waits for ${actor.waitingFor}` : over || 'Waits for nothing.')
    setText(
      frame.facts,
      `machine ${actor.machine.kind} ${actor.machine.version} · revision ${actor.revision} · changed ${ago(actor.updatedAt)}`,
    )
    controls.draw(actor)
    drawChart()
    const next = actor.nextEvents.map((type) => ({ type }))
    syncChildren(frame.next, next, {
      key: ({ type }) => type,
      create: ({ type }) => h('li', { class: 'chip' }, eventName(type)),
      update: () => {},
    })
    frame.nextEmpty.hidden = next.length > 0
    syncChildren(frame.history, history, { key: (entry) => entry.revision, create: createEntry, update: updateEntry })
    frame.historyEmpty.hidden = history.length > 0
    frame.runsBox.hidden = address.kind !== 'agent'
    frame.runsEmpty.hidden = runs.length > 0
    syncChildren(frame.runs, runs, { key: (run) => run.id, create: () => h('tr'), update: updateRun })
    setText(
      frame.context,
      JSON.stringify(actor.error ? { context: actor.context, error: actor.error } : actor.context, null, 2),
    )
  }

  const drawChart = () => {
    if (!chart) return
    const entry = viewed === null ? undefined : history.find((candidate) => candidate.revision === viewed)
    if (!entry) viewed = null
    const active = entry ? activePaths(entry.to) : new Set(actor.active)
    chart.light({
      active,
      nextEvents: entry ? null : actor.nextEvents,
      last: entry ?? history.find((item) => item.handled !== false) ?? null,
    })
    const shown = entry?.revision ?? actor.revision
    if (shown !== revealed) chart.reveal()
    revealed = shown
    frame.past.hidden = !entry
    if (entry) setText(frame.pastText, `The chart shows revision ${entry.revision}, ${ago(entry.at)}. `)
    const states = chart.paths.map((path) => ({ path, on: active.has(path) }))
    syncChildren(frame.states, states, {
      key: ({ path }) => path,
      create: () => h('li'),
      update: (item, { path, on }) => {
        setText(item, on ? `${path} (current)` : path)
        set(item, { 'aria-current': on ? 'true' : null })
      },
    })
    for (const row of frame.history.children)
      set(row, { 'data-viewed': row.dataset.key === String(viewed) ? 'true' : null })
  }

  const createEntry = (entry) => {
    const show = h(
      'button',
      { type: 'button', class: 'link', title: 'Show this transition in the chart' },
      eventName(entry.event?.type),
    )
    show.addEventListener('click', () => {
      viewed = entry.revision === history[0]?.revision ? null : entry.revision
      drawChart()
    })
    const change =
      stateName(entry.from) === stateName(entry.to)
        ? `stays in ${stateName(entry.to)}`
        : `${stateName(entry.from)} → ${stateName(entry.to)}`
    return h(
      'tr',
      {},
      h('td', { class: 'number' }, String(entry.revision)),
      h(
        'td',
        {},
        show,
        entry.handled === false ? h('span', { class: 'chip', 'data-fact': 'refused' }, 'not handled') : null,
      ),
      h('td', {}, change),
      h('td', {}, h('time', { datetime: entry.at, title: entry.at }, clockTime(entry.at))),
      h('td', { class: 'cause', title: causeOf(entry) }, causeOf(entry)),
    )
  }
  const updateEntry = (row, entry) => set(row, { 'data-viewed': entry.revision === viewed ? 'true' : null })

  const another = () => {
    const onclick = () => void startLike(actor?.address).catch(onError)
    return h('button', { type: 'button', title: 'Starts another instance of the same agent', onclick }, 'Start another')
  }

  const guarded = () =>
    load().catch((error) => {
      if (error.status !== 404 || !address) return onError(error)
      root.replaceChildren(h('p', { class: 'empty' }, `There is no actor ${address.kind}/${address.key}.`))
    })
  const soon = coalesce(80, guarded)

  return {
    show(next) {
      address = next
      actor = undefined
      chart = undefined
      chartOf = undefined
      history = []
      viewed = null
      revealed = null
      frame = createActorFrame(next)
      controls = createControls(frame.controls, { address: next, onError, announce, onDone: soon })
      runPart = next.kind === 'run' ? createRunPart(next.key) : undefined
      if (runPart) frame.controls.after(runPart.element)
      if (next.kind === 'agent') frame.controls.append(another())
      frame.back.addEventListener('click', () => {
        viewed = null
        drawChart()
      })
      root.replaceChildren(frame.element)
      soon()
    },
    clear() {
      address = undefined
      root.replaceChildren(h('p', { class: 'empty' }, 'Choose an instance to see its statechart, and to drive it.'))
    },
    refresh: () => {
      if (address) soon()
    },
    onLive(event) {
      if (!address) return
      const mine = event.address === `${address.kind}/${address.key}`
      if (mine && actor && chart && viewed === null && event.revision > actor.revision) {
        // At once, before the details are read again.
        chart.light({ active: activePaths(event.to), nextEvents: null, last: event })
        chart.reveal()
      }
      if (mine || (address.kind === 'agent' && event.kind === 'run')) soon()
    },
    tick: () => {
      if (actor)
        setText(
          frame.facts,
          `machine ${actor.machine.kind} ${actor.machine.version} · revision ${actor.revision} · changed ${ago(actor.updatedAt)}`,
        )
    },
  }
}

/** The event that it goes back to, or who sent it. */
function causeOf({ cause, sender }) {
  return cause ?? (sender ? `by ${sender}` : '–')
}

function updateRun(row, run) {
  const next = JSON.stringify(run)
  if (row.dataset.shown === next && run.endedAt) return
  row.dataset.shown = next
  const took = run.startedAt
    ? duration(Date.parse(run.endedAt ?? new Date().toISOString()) - Date.parse(run.startedAt))
    : '–'
  row.replaceChildren(
    h('td', {}, h('a', { href: `#/actors/${hashOf(run.address)}` }, run.id)),
    h('td', {}, h('span', { class: 'chip', 'data-fact': run.outcome ?? run.state }, run.outcome ?? run.state)),
    h('td', {}, run.event?.type ?? '–'),
    h('td', {}, run.device ?? '–'),
    h(
      'td',
      {},
      run.startedAt ? h('time', { datetime: run.startedAt, title: run.startedAt }, clockTime(run.startedAt)) : '–',
    ),
    h('td', { class: 'number' }, took),
  )
}
