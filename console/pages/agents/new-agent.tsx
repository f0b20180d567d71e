import '../../parts/lists.css'
import './agents.css'
import { signal } from '@preact/signals'
import type { AgentVersion } from '../../api/answers.ts'
import { post } from '../../api/client.ts'
import { navigate } from '../../base/router.ts'
import { attempt } from '../../base/toasts.tsx'
import { CurlHint } from '../../parts/curl-hint.tsx'
import { DetailHead } from '../../parts/detail-head.tsx'
import { DefinitionEditor } from './definition-editor.tsx'
import { typeOf, useValidation } from './validation.ts'

/** Small, and it works: each part that is there can be seen to do something. */
const STARTER = `# What it is. The id is its address; a version that was published never changes.
metadata:
  id: my-agent
  name: My agent
  version: 1.0.0
  description: Says what it heard

# What starts a run: types of events, * is one segment, ** the rest.
triggers:
  - on: my.event

# What its runs may use; see GET /v1/agents/schema for all there is.
skills: [note.add]

# What a run does, step by step. \${…} is filled in from the event and from steps before.
playbook:
  steps:
    - { id: tell, uses: note.add, with: { text: "heard \${event.type}" } }
`

const text = signal(STARTER)

/** A new agent, or a new version of one that is there already: its text says which. */
export function NewAgent() {
  const validation = useValidation(text.value)
  const isValid = validation?.text === text.value && validation.problems.length === 0
  const save = async (publish: boolean): Promise<void> => {
    if (!isValid) return
    await attempt(
      async () => {
        const change = { body: text.value, contentType: typeOf(text.value) }
        const made = await post<AgentVersion>(`/v1/agents?publish=${publish}`, change)
        text.value = STARTER
        navigate(`/agents/${encodeURIComponent(made.id)}?tab=definition&version=${encodeURIComponent(made.version)}`)
      },
      publish ? 'Published' : 'Saved as a draft',
    )
  }
  const open = async (input: HTMLInputElement): Promise<void> => {
    const [file] = input.files ?? []
    if (file) text.value = await file.text()
    input.value = ''
  }
  return (
    <>
      <DetailHead back={{ href: '/agents', label: 'Agents' }} title="New agent" />
      <div class="editor-page">
        <DefinitionEditor
          text={text.value}
          validation={validation}
          onChange={(next) => (text.value = next)}
          onSave={() => void save(false)}
        >
          <button type="button" class="button primary" disabled={!isValid} onClick={() => void save(false)}>
            Save as draft
          </button>
          <button type="button" class="button" disabled={!isValid} onClick={() => void save(true)}>
            Save and publish
          </button>
          <label class="button file-button">
            Open a file…
            <input
              type="file"
              accept=".yaml,.yml,.json"
              class="quiet"
              onChange={(event) => void open(event.currentTarget)}
            />
          </label>
        </DefinitionEditor>
      </div>
      <footer class="page-foot">
        <CurlHint method="POST" path="/v1/agents" file={{ name: 'my-agent.yaml', type: 'application/yaml' }} />
      </footer>
    </>
  )
}
