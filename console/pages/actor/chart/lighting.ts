import type { GraphNode, MachineGraph } from '../../../../core/graph.ts'
import type { Why } from '../../../api/answers.ts'
import { secondsText } from '../../../parts/words.ts'
import { awaitedEdges, firedEdges, type Taken } from './fired.ts'

/** What a chart shows of its actor at one moment. */
export interface Light {
  active: ReadonlySet<string>
  /** The transition that led here, and its revision. */
  last: (Taken & { revision: number }) | undefined
  /** What is possible next; undefined in the past, where nothing is. */
  why: Why | undefined
  /** Whether the person may send events: then possible ones are buttons. */
  sends: boolean
}

export interface Lamp {
  light(light: Light): void
  /** Counts down delays and up what is under way. */
  tick(why: Why | undefined, now: number): void
}

/** Lights a drawing by changing attributes of its elements, and the text of what counts; nothing is added or removed. */
export function createLamp(svg: SVGSVGElement, graph: MachineGraph): Lamp {
  const states = [...svg.querySelectorAll('[data-state]')].filter((state) => nameOf(state, 'data-state') !== '')
  const edges = Map.groupBy(svg.querySelectorAll('[data-edge]'), (edge) => nameOf(edge, 'data-edge'))
  const owners = ownersOf(graph.root)
  let shown = ''

  return {
    light({ active, last, why, sends }) {
      for (const state of states) {
        const on = active.has(nameOf(state, 'data-state'))
        state.toggleAttribute('data-active', on)
      }
      const fired = last ? firedEdges(graph, last) : new Set<string>()
      // The same transition twice in a row glows twice: the two names are the same glow.
      const glow = last && last.revision % 2 === 0 ? 'even' : 'odd'
      const verdicts = new Map(
        (why?.events ?? []).flatMap((event) => event.edges.map((edge) => [edge, event] as const)),
      )
      const awaited = new Set(why ? awaitedEdges(graph, active) : [])
      for (const [id, elements] of edges) {
        const verdict = verdicts.get(id)
        const open = verdict !== undefined && verdict.accepted !== false
        const refused = verdict?.accepted === false && verdict.guards.length > 0
        const button = open && verdict.forPeople && sends
        for (const element of elements) {
          put(element, 'data-fired', fired.has(id) ? glow : undefined)
          put(element, 'data-possible', open ? (verdict.accepted === null ? 'depends' : 'yes') : undefined)
          put(element, 'data-awaited', awaited.has(id) ? '' : undefined)
          put(element, 'data-refused', refused ? verdict.guards.join(', ') : undefined)
          if (!element.classList.contains('label')) continue
          put(element, 'role', button ? 'button' : undefined)
          put(element, 'tabindex', button ? '0' : undefined)
          explain(element, refused ? `Refused now: ${verdict.reason ?? verdict.guards.join(', ')}` : '')
        }
      }
      shown = ''
    },

    tick(why, now) {
      const delays = new Map((why?.delays ?? []).map(({ edge, dueAt }) => [edge, Date.parse(dueAt) - now]))
      const text = JSON.stringify([...delays, why?.invocations, Math.floor(now / 1000)])
      if (text === shown) return
      shown = text
      for (const count of svg.querySelectorAll('.label > .count')) {
        const left = delays.get(nameOf(count.parentElement ?? count, 'data-edge'))
        count.textContent = left === undefined ? '' : left > 0 ? `in ${secondsText(left)}` : 'due now'
      }
      for (const work of svg.querySelectorAll('[data-work]')) {
        const owner = nameOf(work, 'data-work')
        const mine = (why?.invocations ?? []).filter(({ id }) => owners.get(id) === owner)
        work.textContent = mine.map((one) => workText(one, now)).join(' · ')
      }
    },
  }
}

function workText({ src, since, attempt, running, progress }: Why['invocations'][number], now: number): string {
  const parts = [
    progress ? `step ${progress.step} of ${progress.of}${progress.name === null ? '' : ` ${progress.name}`}` : src,
    running ? secondsText(now - Date.parse(since)) : 'waits for a worker',
    attempt > 1 ? `try ${attempt}` : '',
  ]
  return parts.filter((part) => part !== '').join(', ')
}

/** The state that asks for each invocation. */
function ownersOf(root: GraphNode): Map<string, string> {
  const owners = new Map<string, string>()
  const visit = (node: GraphNode): void => {
    for (const { id } of node.invoke) owners.set(id, node.path)
    node.children.forEach(visit)
  }
  visit(root)
  return owners
}

function explain(label: Element, reason: string): void {
  const title = label.querySelector('title')
  if (!title) return
  const [facts = ''] = (title.textContent ?? '').split('\n')
  title.textContent = reason === '' ? facts : `${facts}\n${reason}`
}

function nameOf(element: Element, attribute: string): string {
  return element.getAttribute(attribute) ?? ''
}

function put(element: Element, name: string, value: string | undefined): void {
  if (value === undefined) element.removeAttribute(name)
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value)
}
