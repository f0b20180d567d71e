import { createActorView } from './actor.js'
import { getJson, useKey } from './api.js'
import { byId, h, setText } from './dom.js'
import { followLive } from './live.js'
import { createOverview } from './overview.js'
import { clockTime, seconds } from './words.js'

/** Puts the page together: route, live stream, banner, keys. */

const announce = (text) => setText(byId('announcer'), text)
let errorTimer

const onError = (error) => {
  if (error.status === 401) return askForKey()
  // A server that is away is told by the banner of the live stream, with its age; once is enough.
  if (error.status === undefined && byId('live').dataset.state === 'down') return
  const allowed = error.allowedEvents?.length > 0 ? ` It accepts: ${error.allowedEvents.join(', ')}.` : ''
  showError(`${error.message}.${allowed}`.replace('..', '.'))
}

const overview = createOverview({ onError, announce })
const actor = createActorView(byId('detail'), { onError, announce, startLike: overview.startLike })

function showError(text) {
  clearTimeout(errorTimer)
  const toast = byId('toast') ?? document.body.appendChild(h('p', { id: 'toast', class: 'toast', role: 'alert' }))
  setText(toast, text)
  toast.hidden = false
  errorTimer = setTimeout(() => {
    toast.hidden = true
  }, 8000)
}

function askForKey() {
  byId('key-form').hidden = false
  byId('key').focus()
}

byId('key-form').addEventListener('submit', (submitted) => {
  submitted.preventDefault()
  useKey(byId('key').value)
  location.reload()
})

function route() {
  const [, kind, key] = /^#\/actors\/([^/]+)\/(.+)$/.exec(location.hash) ?? []
  document.body.toggleAttribute('data-detail', key !== undefined)
  if (key === undefined) {
    overview.select('')
    document.title = 'Troupe'
    return actor.clear()
  }
  const address = { kind: decodeURIComponent(kind), key: decodeURIComponent(key) }
  overview.select(`${address.kind}/${address.key}`)
  actor.show(address)
  document.title = `${address.key} – Troupe`
}

function refresh() {
  overview.refresh()
  actor.refresh()
}

let down

/** Said once to a screen reader; the seconds that run beside it are for the eyes. */
function drawBanner() {
  byId('banner').hidden = !down
  if (!down) return
  const why = down.status ? ` The server answered ${down.status}.` : ''
  setText(byId('banner-text'), `Live updates stopped at ${clockTime(down.since)}.${why}`)
  const age = seconds(Date.now() - down.since.getTime())
  setText(byId('banner-age'), `What you see may be ${age} old. Trying again in ${seconds(down.retryAt - Date.now())}.`)
}

function setLive(state, text) {
  byId('live').dataset.state = state
  setText(byId('live'), text)
}

async function drawSystem() {
  const { version, roles, backend, lab } = await getJson('/v1/system')
  const facts = [version, Array.isArray(roles) ? roles.join(' + ') : roles, backend].filter(Boolean).join(' · ')
  const safe = typeof lab === 'string' && /^(https?:\/\/|\/(?!\/))/.test(lab)
  byId('system').replaceChildren(facts, ...(safe ? [' · ', h('a', { href: lab }, 'Lab')] : []))
}

addEventListener('hashchange', () => {
  route()
  if (location.hash.startsWith('#/actors/'))
    byId('detail').focus({ preventScroll: matchMedia('(min-width: 1000px)').matches })
})
addEventListener('keydown', (pressed) => {
  if (
    pressed.key !== '/' ||
    pressed.ctrlKey ||
    pressed.metaKey ||
    /^(INPUT|SELECT|TEXTAREA)$/.test(pressed.target.tagName)
  )
    return
  pressed.preventDefault()
  byId('filter').focus()
})

route()
followLive('/v1/live?topics=actors', {
  onOpen() {
    down = undefined
    setLive('up', 'Live')
    drawBanner()
    // Only now: whatever changed before is read, whatever changes after is streamed.
    refresh()
    void drawSystem().catch(onError)
  },
  onEvent({ event, data }) {
    if (event === 'ping') return
    if (event !== 'actor' || typeof data?.address !== 'string') return refresh()
    overview.onLive(data)
    actor.onLive(data)
  },
  onDown({ since, retryInMs, status }) {
    const first = down === undefined
    down = { since, status, retryAt: Date.now() + retryInMs }
    setLive('down', 'Not live')
    drawBanner()
    if (status === 401) return askForKey()
    // The stream may be refused where the rest is not: show what there is.
    if (first && status !== undefined) refresh()
  },
})
setInterval(() => {
  drawBanner()
  overview.tick()
  actor.tick()
}, 1000)
