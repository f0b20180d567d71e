import { getDataUrl, getJson, pathOf } from './api.js'
import { h, setText, syncChildren } from './dom.js'
import { hashOf } from './overview.js'
import { clockTime, duration } from './words.js'

/** What one run is about and what it did: its facts, its steps and the pictures they kept. */
export function createRunPart(id) {
  const facts = h('p', { class: 'run-facts' })
  const steps = h('tbody')
  const empty = h('p', { class: 'empty' }, 'No step yet.')
  const pictures = h('ul', { class: 'pictures' })
  const headings = ['Step', 'Tool', 'Status', 'Started', 'Took', 'Result']
  const head = headings.map((heading) => h('th', { scope: 'col' }, heading))
  const table = h('table', {}, h('thead', {}, h('tr', {}, head)), steps)
  const box = { class: 'table', tabindex: '0', role: 'region', 'aria-label': 'Steps' }
  const element = h('section', {}, facts, h('h3', {}, 'Steps'), h('div', box, table), empty, pictures)

  return {
    element,
    load: () => getJson(pathOf('runs', id)),
    draw(run) {
      const shown = JSON.stringify([run.device, run.instance, run.reason, run.endedAt])
      if (facts.dataset.shown !== shown) {
        facts.dataset.shown = shown
        facts.replaceChildren(...factsOf(run))
      }
      empty.hidden = run.steps.length > 0
      const name = (step) => `${step.position}.${step.attempt}`
      syncChildren(steps, run.steps, { key: name, create: () => h('tr'), update: updateStep })
      const images = run.evidence.filter(({ mediaType }) => mediaType.startsWith('image/'))
      const create = (image) => createPicture(id, image)
      syncChildren(pictures, images, { key: (image) => image.id, create, update: () => {} })
    },
  }
}

function factsOf({ event, device, instance, priority, startedAt, endedAt, reason }) {
  const took = endedAt ? `took ${duration(Date.parse(endedAt) - Date.parse(startedAt))}` : 'still at it'
  return [
    `For ${event.type}${device ? ` on ${device}` : ''}, by `,
    h('a', { href: `#/actors/${hashOf(instance)}` }, instance),
    `, priority ${priority}; started at ${clockTime(startedAt)}, ${took}.`,
    reason ? h('strong', {}, ` ${reason}`) : null,
  ].filter(Boolean)
}

function updateStep(row, step) {
  const shown = JSON.stringify(step)
  if (row.dataset.shown === shown) return
  row.dataset.shown = shown
  const took = step.endedAt ? duration(Date.parse(step.endedAt) - Date.parse(step.startedAt)) : '…'
  const result = step.error ?? step.output
  const text = result === null ? '' : JSON.stringify(result)
  row.replaceChildren(
    h('td', {}, `${step.position + 1}. ${step.step}`),
    h('td', {}, step.tool),
    h(
      'td',
      {},
      h('span', { class: 'chip', 'data-fact': step.status }, step.status),
      step.attempt > 1 ? ` at try ${step.attempt}` : null,
    ),
    h('td', {}, h('time', { datetime: step.startedAt, title: step.startedAt }, clockTime(step.startedAt))),
    h('td', { class: 'number' }, took),
    h('td', { class: 'result', title: text }, text),
  )
}

/** Fetched and not linked: an image element could send no key. */
function createPicture(run, { id, step }) {
  const image = h('img', { alt: `What step ${step} saw`, width: 240, height: 135 })
  const caption = h('figcaption', { class: 'small' }, step)
  getDataUrl(pathOf('runs', run, 'evidence', id)).then(
    (url) => image.setAttribute('src', url),
    () => setText(caption, `${step}: the picture could not be read`),
  )
  return h('li', {}, h('figure', {}, image, caption))
}
