package postroom.analysis;

import static postroom.analysis.Definition.provideDefined;
import static postroom.analysis.Definition.provider;

import java.io.Reader;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.charfilter.HTMLStripCharFilter;
import org.apache.lucene.analysis.charfilter.MappingCharFilter;
import org.apache.lucene.analysis.charfilter.NormalizeCharMap;
import org.apache.lucene.analysis.pattern.PatternReplaceCharFilter;
import org.elasticsearch.index.analysis.CharFilterFactory;
import org.elasticsearch.index.analysis.NormalizingCharFilterFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;

/** The character filters by Elasticsearch's names. */
final class CharFilters {
    private CharFilters() {}

    static Map<String, AnalysisProvider<CharFilterFactory>> all() {
        return Map.of(
            "html_strip", provider(definition -> plain(definition, html(definition))),
            "mapping", provideDefined(definition -> normalizing(definition, mapping(definition))),
            "pattern_replace", provideDefined(definition -> normalizing(definition, replace(definition))));
    }

    private static UnaryOperator<Reader> html(Definition definition) {
        Set<String> kept = Set.copyOf(definition.settings().getAsList("escaped_tags"));
        return in -> new HTMLStripCharFilter(in, kept);
    }

    private static UnaryOperator<Reader> mapping(Definition definition) {
        List<String> rules = definition.lines("mappings");
        if (rules == null) {
            throw new IllegalArgumentException("mapping requires either `mappings` or `mappings_path` to be configured");
        }
        NormalizeCharMap.Builder builder = new NormalizeCharMap.Builder();
        for (String rule : rules) {
            String[] sides = Rules.sides(rule);
            builder.add(sides[0], sides[1]);
        }
        NormalizeCharMap map = builder.build();
        return in -> new MappingCharFilter(map, in);
    }

    private static UnaryOperator<Reader> replace(Definition definition) {
        Pattern pattern = definition.pattern(null);
        String replacement = definition.text("replacement", "");
        return in -> new PatternReplaceCharFilter(pattern, replacement, in);
    }

    private static CharFilterFactory plain(Definition definition, UnaryOperator<Reader> wrap) {
        return new CharFilterFactory() {
            @Override
            public String name() {
                return definition.name();
            }

            @Override
            public Reader create(Reader in) {
                return wrap.apply(in);
            }
        };
    }

    /** One that a normalizer may use. */
    private static CharFilterFactory normalizing(Definition definition, UnaryOperator<Reader> wrap) {
        return new NormalizingCharFilterFactory() {
            @Override
            public String name() {
                return definition.name();
            }

            @Override
            public Reader create(Reader in) {
                return wrap.apply(in);
            }
        };
    }
}
