package postroom.analysis;

import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.CharArraySet;
import org.elasticsearch.common.Strings;
import org.elasticsearch.common.regex.Regex;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.index.IndexSettings;
import org.elasticsearch.index.analysis.Analysis;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.AnalysisPlugin;

/** What an index says about one analyser, tokenizer or filter: its name and settings, read once when the index opens. */
record Definition(IndexSettings index, Environment environment, String name, Settings settings) {

    /** Makes a component of its definition; wrong settings refuse the index. */
    static <T> AnalysisProvider<T> provider(Function<Definition, T> make) {
        return (index, environment, name, settings) -> make.apply(new Definition(index, environment, name, settings));
    }

    /** The same for a component that means nothing without settings, so that its bare name cannot be used. */
    static <T> AnalysisProvider<T> provideDefined(Function<Definition, T> make) {
        return AnalysisPlugin.requiresAnalysisSettings(provider(make));
    }

    boolean flag(String key, boolean otherwise) {
        return settings.getAsBoolean(key, otherwise);
    }

    int number(String key, int otherwise) {
        return settings.getAsInt(key, otherwise);
    }

    String text(String key, String otherwise) {
        return settings.get(key, otherwise);
    }

    String required(String key) {
        String value = settings.get(key);
        if (value == null) {
            throw new IllegalArgumentException(key + " is missing for [" + name + "]");
        }
        return value;
    }

    Pattern pattern(String otherwise) {
        String pattern = otherwise == null ? required("pattern") : text("pattern", otherwise);
        return Regex.compile(pattern, settings.get("flags"));
    }

    char character(String key, char otherwise) {
        String value = settings.get(key);
        if (value != null && value.length() != 1) {
            throw new IllegalArgumentException(key + " of [" + name + "] must be one character");
        }
        return value == null ? otherwise : value.charAt(0);
    }

    /** The words of a setting or of the file that {@code key_path} names, or null. */
    CharArraySet words(String key) {
        return Analysis.getWordSet(environment, settings, key);
    }

    /** The lines of a setting or of the file that {@code key_path} names, or null. */
    List<String> lines(String key) {
        return Analysis.getWordList(environment, settings, key);
    }

    /** Gram sizes {@code min_gram} and {@code max_gram}, within what the index allows them to differ. */
    int[] grams(int maximum, boolean limited) {
        int min = number("min_gram", 1);
        int max = number("max_gram", maximum);
        int allowed = index.getMaxNgramDiff();
        if (limited && max - min > allowed) {
            throw new IllegalArgumentException(
                Strings.format(
                    "max_gram and min_gram of [%s] differ by %d; index.max_ngram_diff allows %d", name, max - min, allowed));
        }
        return new int[] {min, max};
    }
}
