import type { Instance, Page } from '../../api/answers.ts'
import { withQuery } from '../../api/client.ts'
import { Icon } from '../../base/icon.tsx'
import { actorPath } from '../../base/router.ts'
import { useResource } from '../../live/resource.ts'
import { Facts, Section } from '../../parts/facts.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import { Ago } from '../../parts/time.tsx'
import { durationText } from '../../parts/words.ts'
import type { AgentTab } from './agent-tab.ts'
import { useMetrics } from './card.tsx'
import { readDefinition, type StepWords } from './definition.ts'
import { Success } from './success.tsx'
import { TriggerList } from './trigger-list.tsx'

/** What an agent is and does, and how well. */
export function OverviewTab({ agent, versions }: AgentTab) {
  const { id, description, tags, current, latest } = agent
  const instances = useResource<Page<Instance>>(withQuery('/v1/instances', { agent: id, limit: 500 }), ['agent']).data
    .value
  const metrics = useMetrics(id, instances?.items ?? [])
  const version = versions.find((one) => one.version === (current ?? latest))
  if (!version) return null
  const { author, goal, triggers, skills, approvals, steps, onFailure, facts, hasModel } = readDefinition(
    version.definition,
  )
  return (
    <div class="overview">
      <div class="overview-main">
        <p class="overview-about">
          {description}
          {goal !== '' && <span class="muted"> {goal}.</span>}
        </p>
        {version.warnings.length > 0 && (
          <div class="notice">
            <Icon name="alert" />
            <div>
              <p>
                <strong>It does less than its definition says</strong>
              </p>
              <ul>
                {version.warnings.map((warning) => (
                  <li key={warning}>{warning}</li>
                ))}
              </ul>
            </div>
          </div>
        )}
        <Section title="Listens" count={triggers.length}>
          <TriggerList triggers={triggers} />
        </Section>
        <Section title="Does" count={steps.length}>
          {steps.length > 0 ? (
            <Steps steps={steps} />
          ) : (
            <p class="muted">{hasModel ? 'What its model decides.' : 'Nothing: it has no playbook.'}</p>
          )}
        </Section>
        {onFailure.length > 0 && (
          <Section title="When a step fails" count={onFailure.length}>
            <Steps steps={onFailure} />
          </Section>
        )}
      </div>
      <div class="overview-side">
        <Facts
          facts={[
            ['Version', current ?? `${latest}, a draft`],
            ['Author', author],
            ...facts,
            ['Tools', skills.length > 0 && <Codes words={skills} />],
            ['Asks before', approvals.length > 0 && <Codes words={approvals} />],
            ['Tags', tags.join(', ')],
          ]}
        />
        <Section title="Instances" count={instances?.items.length ?? 0}>
          {instances?.items.length === 0 && <p class="muted small">None lives. Publish it, enable it, or start one.</p>}
          <ul class="overview-list">
            {instances?.items.map(({ id: key, address, state, updatedAt }) => (
              <li key={key}>
                <a href={actorPath(address)} class="clip">
                  {key}
                </a>
                <StateBadge state={state} />
                <span class="muted small">
                  <Ago at={updatedAt} />
                </span>
              </li>
            ))}
          </ul>
        </Section>
        <Section title="Runs by version">
          {metrics?.length === 0 && <p class="muted small">It has not run yet.</p>}
          <ul class="overview-list">
            {metrics?.map((one) => (
              <li key={one.version}>
                <span class="mono">{one.version}</span>
                <Success metrics={one} />
                <span class="muted small" title="Half of the runs took less">
                  {one.medianMs !== null && durationText(one.medianMs)}
                </span>
              </li>
            ))}
          </ul>
          <p class="small">
            <a class="text-link" href={withQuery('/runs', { agent: id })}>
              All its runs
            </a>
          </p>
        </Section>
      </div>
    </div>
  )
}

function Steps({ steps }: { steps: readonly StepWords[] }) {
  return (
    <ol class="steps-of">
      {steps.map(({ id, uses, notes }, index) => (
        <li key={index}>
          <span class="number muted">{index + 1}</span>
          <strong>{id}</strong>
          <code>{uses}</code>
          <span class="muted small">{notes.join(' · ')}</span>
        </li>
      ))}
    </ol>
  )
}

function Codes({ words }: { words: readonly string[] }) {
  return (
    <span class="codes">
      {words.map((word) => (
        <code key={word}>{word}</code>
      ))}
    </span>
  )
}
