{{- define "dcp.image" -}}
{{ .root.Values.images.prefix }}/{{ .name }}:{{ .root.Values.images.tag | default .root.Chart.AppVersion }}
{{- end }}

{{- define "dcp.labels" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/part-of: dcp
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
dcp/zone: {{ .root.Values.node.zone }}
dcp/part: {{ .part }}
{{- end }}

{{- define "dcp.selector" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "dcp.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "dcp.security" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{- define "dcp.pull" -}}
{{- with .Values.images.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* What every module is started with, as `dcp config environment` prints it. */}}
{{- define "dcp.environment" -}}
{{- $values := .root.Values -}}
- { name: DCP__NODE__NAME, value: {{ $values.node.name | quote }} }
- { name: DCP__NODE__ZONE, value: {{ $values.node.zone | quote }} }
- { name: DCP__NODE__INSTANCE, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
- { name: DCP__HTTP__LISTEN, value: "0.0.0.0:8080" }
{{- if $values.tls.enabled }}
- { name: DCP__HTTP__CERTIFICATE, value: /etc/dcp/tls/tls.crt }
- { name: DCP__HTTP__KEY, value: /etc/dcp/tls/tls.key }
{{- end }}
- { name: DCP__EDGE__URL, value: {{ printf "http://%s:7400" $values.node.name | quote }} }
- { name: DCP__BUS__URL, value: {{ $values.bus.url | quote }} }
- { name: DCP__BUS__USER, value: {{ $values.bus.user | quote }} }
- { name: DCP__BUS__PASSWORD, value: {{ $values.bus.password | quote }} }
{{- if $values.bus.caSecret }}
- { name: DCP__BUS__CA, value: /etc/dcp/bus/ca.crt }
{{- end }}
- { name: DCP__STORE__URL, value: {{ $values.store.url | quote }} }
- { name: DCP__STORE__MIGRATE, value: command }
- { name: DCP__SECRETS__URL, value: {{ $values.secrets.url | quote }} }
- { name: DCP__SECRETS__KUBERNETES_ROLE, value: {{ $values.secrets.kubernetesRole | quote }} }
- { name: DCP__SECRETS__LOGIN_MOUNT, value: {{ $values.secrets.loginMount | quote }} }
{{- if $values.secrets.transit }}
- { name: DCP__SECRETS__TRANSIT, value: {{ $values.secrets.transit | quote }} }
{{- end }}
{{- if $values.secrets.caSecret }}
- { name: VAULT_CACERT, value: /etc/dcp/vault/ca.crt }
{{- end }}
- { name: DCP__LOG__LEVEL, value: {{ $values.log.level | quote }} }
- { name: DCP__LOG__FORMAT, value: json }
{{- range $key, $value := .module.settings }}
- { name: {{ printf "DCP__MODULE__%s" ($key | upper) }}, value: {{ $value | toString | quote }} }
{{- end }}
{{- range $key, $value := .module.environment }}
- { name: {{ $key }}, value: {{ $value | quote }} }
{{- end }}
{{- end }}

{{- define "dcp.mounts" -}}
- { name: tmp, mountPath: /tmp }
{{- if .Values.bus.caSecret }}
- { name: bus-ca, mountPath: /etc/dcp/bus, readOnly: true }
{{- end }}
{{- if .Values.secrets.caSecret }}
- { name: vault-ca, mountPath: /etc/dcp/vault, readOnly: true }
{{- end }}
{{- end }}

{{- define "dcp.volumes" -}}
- { name: tmp, emptyDir: { sizeLimit: 1Gi } }
{{- if .Values.bus.caSecret }}
- { name: bus-ca, secret: { secretName: {{ .Values.bus.caSecret }}, items: [{ key: ca.crt, path: ca.crt }] } }
{{- end }}
{{- if .Values.secrets.caSecret }}
- { name: vault-ca, secret: { secretName: {{ .Values.secrets.caSecret }}, items: [{ key: ca.crt, path: ca.crt }] } }
{{- end }}
{{- end }}
