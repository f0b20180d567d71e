import { getJson, pathOf, post } from './api.js'
import { byId, coalesce, h, set, setText, syncChildren } from './dom.js'
import { ago, seconds } from './words.js'

const PAGE = 200

/** The list of agent instances, the form that starts one, and the strip of devices. */
export function createOverview({ onError, announce }) {
  let instances = []
  let wanted = PAGE
  let selected = ''

  const loadInstances = async () => {
    const items = []
    let cursor = null
    do {
      const query = new URLSearchParams({
        limit: String(Math.min(PAGE, wanted - items.length)),
        ...(cursor ? { cursor } : {}),
      })
      const page = await getJson(`/v1/instances?${query}`)
      items.push(...page.items)
      cursor = page.nextCursor ?? null
    } while (cursor && items.length < wanted)
    instances = items
    byId('more').hidden = cursor === null
    drawInstances()
  }

  const drawInstances = () => {
    const words = byId('filter').value.toLowerCase().split(/\s+/).filter(Boolean)
    const shown = instances.filter((item) => {
      const text = [item.id, item.agent, item.name, item.nickname, item.state, item.status, item.waitingFor]
        .join(' ')
        .toLowerCase()
      return words.every((word) => text.includes(word))
    })
    setText(
      byId('count'),
      shown.length === instances.length ? `${instances.length}` : `${shown.length} of ${instances.length}`,
    )
    syncChildren(byId('instances'), shown, { key: (item) => item.address, create: createRow, update: updateRow })
    byId('instances-empty').hidden = shown.length > 0
    const hint =
      instances.length > 0
        ? 'Nothing matches this filter.'
        : 'Nothing runs yet. Choose an agent above and start an instance of it.'
    setText(byId('instances-empty'), hint)
  }

  const updateRow = (row, item) => {
    const link = row.firstElementChild
    const [name, state, agent, wait, counts] = link.children
    set(link, { href: `#/actors/${hashOf(item.address)}`, 'aria-current': item.address === selected ? 'true' : null })
    setText(name, item.nickname || item.name || item.id)
    set(state, { 'data-state-name': item.state })
    setText(state, item.state)
    setText(agent, `${item.agent} ${item.version}${item.id === item.agent ? '' : ` · ${item.id}`}`)
    setText(wait, item.waitingFor ? `Waits for ${item.waitingFor}` : '')
    const { active = 0, succeeded = 0, failed = 0 } = item.runs ?? {}
    setText(counts, `${active} active · ${succeeded} succeeded · ${failed} failed`)
    set(link, { title: [item.description, `Changed ${ago(item.updatedAt)}`].filter(Boolean).join('\n') })
  }

  const loadDevices = async () => {
    const { items } = await getJson('/v1/devices')
    byId('devices-empty').hidden = items.length > 0
    syncChildren(byId('devices'), items, {
      key: (item) => item.id,
      create: () => h('li', { class: 'device' }),
      update: updateDevice,
    })
  }

  const loadAgents = async () => {
    const { items } = await getJson('/v1/agents')
    const startable = items.filter((agent) => agent.enabled)
    const options = startable.map((agent) =>
      h('option', { value: agent.id, title: agent.description }, `${agent.nickname || agent.name} (${agent.id})`),
    )
    const chosen = byId('agent').value
    byId('agent').replaceChildren(...options)
    if (startable.some((agent) => agent.id === chosen)) byId('agent').value = chosen
    byId('start').hidden = startable.length === 0
  }

  byId('filter').addEventListener('input', drawInstances)
  byId('more').addEventListener('click', () => {
    wanted += PAGE
    void loadInstances().catch(onError)
  })
  byId('start').addEventListener('submit', (submitted) => {
    submitted.preventDefault()
    void start(byId('agent').value).catch(onError)
  })

  const start = async (agent) => {
    const instance = await post(pathOf('instances'), { agent, key: freeKey(agent) })
    announce(`Started an instance of ${agent}`)
    await loadInstances()
    if (instance?.address) location.hash = `#/actors/${hashOf(instance.address)}`
  }

  /** The first is named like its agent; a key that is taken would be that same instance again. */
  const freeKey = (agent) => {
    const taken = new Set(instances.map(({ id }) => id))
    let key = agent
    for (let count = 2; taken.has(key); count += 1) key = `${agent}-${count}`
    return key
  }

  const guarded = (work) => () => work().catch(onError)
  const soonInstances = coalesce(300, guarded(loadInstances))
  const soonDevices = coalesce(300, guarded(loadDevices))
  return {
    select(address) {
      selected = address
      drawInstances()
    },
    refresh() {
      soonInstances()
      soonDevices()
      void loadAgents().catch(onError)
    },
    onLive({ kind }) {
      if (kind === 'agent' || kind === 'run') soonInstances()
      if (kind === 'device' || kind === 'lock') soonDevices()
    },
    /** Starts another instance of the agent that this one is an instance of. */
    async startLike(address) {
      const agent = instances.find((item) => item.address === address)?.agent
      if (agent === undefined) announce('Choose the agent in the list to start another instance of it')
      else await start(agent)
    },
    /** The rest of a lease passes without any event. */
    tick() {
      for (const element of document.querySelectorAll('[data-until]'))
        setText(element, leaseLeft(element.dataset.until))
    },
  }
}

/** An address as part of a hash: the first slash parts kind and key. */
export function hashOf(address) {
  const slash = address.indexOf('/')
  return `${encodeURIComponent(address.slice(0, slash))}/${encodeURIComponent(address.slice(slash + 1))}`
}

function createRow() {
  const parts = [
    ['strong', 'name'],
    ['span', 'state'],
    ['span', 'agent'],
    ['span', 'wait'],
    ['span', 'counts'],
  ]
  return h(
    'li',
    {},
    h(
      'a',
      { class: 'row' },
      parts.map(([tag, name]) => h(tag, { class: name })),
    ),
  )
}

function updateDevice(element, device) {
  const { id, name, kind, pool, host, connectivity, health, maintenance, holder, queue } = device
  const facts = [
    connectivity,
    health,
    maintenance && maintenance !== 'none' && maintenance !== 'inService' ? String(maintenance) : null,
  ]
  const held = holder
    ? [
        'Held by ',
        holder.owner.kind === 'run'
          ? h('a', { href: `#/actors/${hashOf(`run/${holder.owner.id}`)}` }, holder.owner.id)
          : holder.owner.id,
      ]
    : ['Free']
  const rest = holder ? [h('span', { 'data-until': holder.expiresAt }, leaseLeft(holder.expiresAt)), ' · '] : []
  const fresh = [
    h(
      'a',
      { class: 'name', href: `#/actors/device/${encodeURIComponent(id)}`, title: [kind, pool, host].join(' · ') },
      name || id,
    ),
    h('span', { class: 'small' }, name && name !== id ? id : kind),
    h(
      'span',
      { class: 'facts' },
      facts.filter(Boolean).map((fact) => h('span', { class: 'chip', 'data-fact': fact }, fact)),
    ),
    h('span', { class: 'holder', title: holder ? `Token ${holder.token}` : null }, held),
    h('span', { class: 'small' }, rest, queue > 0 ? `${queue} waiting` : 'nobody waits'),
  ]
  // Only when something changed: a device that is drawn anew would lose its focused link.
  const next = JSON.stringify(device)
  if (element.dataset.shown === next) return
  element.dataset.shown = next
  element.replaceChildren(...fresh)
}

function leaseLeft(until) {
  const left = Date.parse(until) - Date.now()
  if (Number.isNaN(left)) return 'no end'
  return left > 0 ? `${seconds(left)} left` : 'lease over'
}
