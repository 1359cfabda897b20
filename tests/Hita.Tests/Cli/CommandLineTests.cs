using System.Text.RegularExpressions;
using Hita.Cli.Hosting;

namespace Hita.Tests.Cli;

public sealed class CommandLineTests
{
    [Fact]
    public void Without_arguments_it_shows_its_help()
    {
        var (code, output, error) = CommandLine.Run();
        Assert.Equal(0, code);
        Assert.Contains("doctor", output, StringComparison.Ordinal);
        Assert.Contains("Examples:", output, StringComparison.Ordinal);
        Assert.Empty(error);
    }

    [Fact]
    public void The_version_is_one_line()
    {
        var (code, output, _) = CommandLine.Run("--version");
        Assert.Equal(0, code);
        Assert.Matches(@"\Ahita \d+\.\d+\.\d+(\+[0-9a-f]{8})?\r?\n\z", output);
    }

    [Theory]
    [InlineData("presests", "there is no command 'presests'; did you mean 'presets'?")]
    [InlineData("presets --jsn", "there is no option '--jsn'; did you mean '--json'?")]
    [InlineData("presets --jsn=1", "there is no option '--jsn'; did you mean '--json'?")]
    [InlineData("presets --thread 2", "there is no option '--thread'; did you mean '--threads'?")]
    [InlineData("qqqqqqqq", "there is no command 'qqqqqqqq'; 'hita --help' shows what there is.")]
    [InlineData("presets more", "'more' is one argument too many; 'hita presets --help' shows what there is.")]
    [InlineData("doctor --threads 0", "--threads is '0'; it must be a whole number from 1 to 4096; 'hita doctor --help' shows what there is.")]
    [InlineData("doctor --device gpu", "--device is 'gpu'; it must be cpu, cuda, or cuda:N for the GPU number N; 'hita doctor --help' shows what there is.")]
    [InlineData("style a.png -m tiny -o b.png", "STYLE is missing; 'hita style --help' shows what there is.")]
    [InlineData("inpaint a.png -m tiny -o b.png", "Say what to regenerate with one of --mask, --box and --lower-half; 'hita inpaint --help' shows what there is.")]
    [InlineData("inpaint a.png --lower-half --box 1,1,5,5 -m tiny -o b.png", "Say what to regenerate with one of --mask, --box and --lower-half; 'hita inpaint --help' shows what there is.")]
    [InlineData("edit-class a.png --box 1,1,5 --class 3 -m tiny -o b.png", "'1,1,5' is no box; give x,y,width,height in pixels, for example 40,40,120,80; 'hita edit-class --help' shows what there is.")]
    [InlineData("outpaint a.png -m tiny -o b.png", "No margin is given: say how many pixels to add by one or more of --left, --top, --right and --bottom; 'hita outpaint --help' shows what there is.")]
    [InlineData("edit-class a.png --box 1,1,5,5 -m tiny -o b.png", "Option '--class' is required; 'hita edit-class --help' shows what there is.")]
    [InlineData("doctor --threads", "Required argument missing for option: '--threads'; 'hita doctor --help' shows what there is.")]
    public void A_wrong_command_line_is_one_sentence_and_exit_code_2(string line, string sentence)
    {
        var (code, output, error) = CommandLine.Run(line.Split(' '));
        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.Equal($"hita: {sentence}{Environment.NewLine}", error);
    }

    [Fact]
    public void Every_command_has_a_description_and_examples_that_parse()
    {
        var root = CommandLine.Root();
        foreach (var command in CommandLine.All(root))
        {
            Assert.EndsWith(".", command.Description, StringComparison.Ordinal);
            Assert.NotEmpty(((HitaCommand)command).Examples);
            Assert.All(((HitaCommand)command).Examples, example =>
            {
                Assert.StartsWith("hita ", example, StringComparison.Ordinal);
                Assert.Empty(root.Parse(example["hita ".Length..]).Errors);
            });
            Assert.All(command.Options, option => Assert.EndsWith(".", option.Description, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Help_of_every_command_names_all_its_options_and_fits_the_pattern()
    {
        foreach (var command in CommandLine.Root().Subcommands)
        {
            var (code, output, error) = CommandLine.Run(command.Name, "--help");
            Assert.Equal(0, code);
            Assert.Empty(error);
            Assert.Matches(new Regex($@"Usage:\s+hita {command.Name}"), output);
            Assert.All(command.Options, option => Assert.Contains(option.Name, output, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_file_name_that_begins_with_an_at_sign_is_not_a_list_of_arguments()
    {
        var (code, _, error) = CommandLine.Run("presets", "@/etc/passwd");
        Assert.Equal(2, code);
        Assert.Contains("'@/etc/passwd' is one argument too many", error, StringComparison.Ordinal);
    }
}
