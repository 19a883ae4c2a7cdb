package lint

import (
	"bytes"
	"fmt"
	"regexp"
)

// forbidden is what no text of the repository holds. Whoever clones it has other folders and other mirrors.
var forbidden = []struct {
	pattern *regexp.Regexp
	why     string
}{
	{regexp.MustCompile(`(^|[^\w./$})-])/(work|farm|root)(/|\b)`), "a path of a build machine"},
	{regexp.MustCompile(`\b(deb|snapshot|security)\.debian\.org|\b(archive|ports|security)\.ubuntu\.com|\brepo1?\.maven\.|` +
		`\b(proxy|sum)\.golang\.org|\b([\w-]+\.)?docker\.(io|com)/|\b(docker|artifacts)\.elastic\.co|\b(ghcr|quay|gcr)\.io|` +
		`\bregistry\.npmjs\.org|\b(files\.)?pypi(thonhosted)?\.org`), "a registry's host"},
	{regexp.MustCompile(`\b(` + "TO" + `DO|` + "FIX" + `ME)\b`), "unfinished work belongs to the issues"},
}

// clean checks each line of a text file.
func clean(f *file) (out []finding) {
	for i, line := range bytes.Split(f.src, []byte{'\n'}) {
		for _, bad := range forbidden {
			if hit := bad.pattern.Find(line); hit != nil {
				out = append(out, finding{i + 1, fmt.Sprintf("%q: %s", bytes.TrimSpace(hit), bad.why)})
			}
		}
	}
	return out
}
